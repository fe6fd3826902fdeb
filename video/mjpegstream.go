package video

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

const (
	// maxJPEG bounds one picture of a stream, and what lies between two.
	maxJPEG = 64 << 20
	// maxLine bounds what is looked at of a line between two pictures.
	maxLine = 4096
	// maxPreamble is how far the first picture may be.
	maxPreamble = 64 << 10
)

// errNoPictures says that a stream is of something else.
var errNoPictures = errors.New("no pictures")

// pictures takes the pictures out of a motion JPEG stream, each as soon as its last
// byte has come. It goes by the JPEGs themselves: servers name a boundary
// otherwise than they write it, or none, and lengths that are wrong. Boundaries
// and lengths serve where a picture is damaged or no JPEG.
type pictures struct {
	r        *bufio.Reader
	boundary string // without the dashes before it
	parts    bool   // boundaries are between the pictures
	length   int    // that the part's header says; 0 if it says none
	begun    bool   // the start of a picture was read, inside the one before
	found    bool   // a picture or a boundary
	buf      []byte
}

func newPictures(r io.Reader, contentType string) *pictures {
	p := &pictures{r: bufio.NewReaderSize(r, 128<<10)} // more than a segment
	p.boundary = strings.TrimLeft(boundaryOf(contentType), "-")
	p.parts = strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "multipart/")
	return p
}

// boundaryOf is the boundary that a Content-Type gives, in quotes or not, even
// with characters that it must not have.
func boundaryOf(contentType string) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		return params["boundary"]
	}
	for _, field := range strings.Split(contentType, ";") {
		if key, value, _ := strings.Cut(field, "="); strings.EqualFold(strings.TrimSpace(key), "boundary") {
			return strings.Trim(value, " \t\"")
		}
	}
	return ""
}

// next is the next picture, valid until the next call; io.EOF after the last.
func (p *pictures) next() ([]byte, error) {
	jpeg, err := p.seek()
	if err != nil {
		return nil, err
	}
	p.found = true
	if jpeg {
		return p.jpeg()
	}
	return p.other()
}

// seek goes to the beginning of a picture and reports whether it is a JPEG.
func (p *pictures) seek() (jpeg bool, err error) {
	if p.begun {
		return true, nil
	}
	p.length = 0
	header := !p.parts // a boundary or a header of a part was seen
	for passed := 0; ; {
		if start, err := p.r.Peek(2); header && err == nil && start[0] == 0xff && start[1] == 0xd8 {
			_, _ = p.r.Discard(2)
			return true, nil
		}
		line, n, err := p.line()
		if err != nil {
			if errors.Is(err, io.EOF) && !p.found && !p.parts {
				return false, errNoPictures
			}
			return false, err
		}
		passed += n
		if !p.found && passed > maxPreamble {
			return false, errNoPictures
		}
		if passed > maxJPEG {
			return false, errors.Errorf("no picture in %d bytes", passed)
		}
		switch kind, value := p.meaning(line); kind {
		case closing:
			return false, io.EOF
		case separator:
			p.parts, p.found, header, p.length = true, true, true, 0
		case field:
			header = true
		case lengthField:
			header, p.length = true, value
		case blank:
			if header && p.parts {
				return p.body()
			}
		}
	}
}

// body is after a part's header.
func (p *pictures) body() (jpeg bool, err error) {
	for {
		start, err := p.r.Peek(2)
		switch {
		case len(start) > 0 && (start[0] == '\r' || start[0] == '\n'): // no picture begins with an empty line
			_, _ = p.r.Discard(1)
		case len(start) == 2 && start[0] == 0xff && start[1] == 0xd8:
			_, _ = p.r.Discard(2)
			return true, nil
		case len(start) == 0:
			return false, err
		default:
			return false, nil
		}
	}
}

// line reads a line without its end; of a longer one, its beginning. Where there
// are no boundaries, a picture ends a line.
func (p *pictures) line() (line []byte, n int, err error) {
	for {
		if _, err := p.r.Peek(3); err != nil && p.r.Buffered() == 0 {
			if errors.Is(err, io.EOF) && n > 0 {
				return line, n, nil
			}
			return nil, n, err
		}
		data, _ := p.r.Peek(p.r.Buffered())
		end := bytes.IndexByte(data, '\n') + 1
		whole := end > 0
		if end == 0 {
			end = max(1, len(data)-2) // the rest may be a picture's start
		}
		if at := bytes.Index(data, []byte{0xff, markerSOI, 0xff}); !p.parts && at >= 0 && at < end {
			end, whole = at, true
		}
		if len(line) < maxLine {
			line = append(line, data[:min(end, maxLine-len(line))]...)
		}
		n += end
		_, _ = p.r.Discard(end)
		if whole || n > maxJPEG {
			return bytes.TrimRight(line, "\r\n \t"), n, nil
		}
	}
}

// What a line between two pictures is.
type lineKind int

const (
	text lineKind = iota
	blank
	separator
	closing
	field
	lengthField
)

func (p *pictures) meaning(line []byte) (kind lineKind, value int) {
	if len(line) == 0 {
		return blank, 0
	}
	if at := bytes.Index(line, []byte("--"+p.boundary)); p.boundary != "" && at > 0 {
		line = line[at:] // after what filled up the picture before
	}
	name := string(bytes.TrimLeft(line, "-"))
	dashes := len(line) - len(name)
	switch {
	case p.boundary != "" && name == p.boundary:
		return separator, 0
	case p.boundary != "" && name == p.boundary+"--":
		return closing, 0
	case dashes >= 2:
		if p.boundary == "" {
			p.boundary = name
		}
		return separator, 0
	}
	key, rest, ok := strings.Cut(name, ":")
	if key = strings.ToLower(strings.TrimSpace(key)); !ok || !strings.HasPrefix(key, "content-") {
		return text, 0
	}
	if n, err := strconv.Atoi(strings.TrimSpace(rest)); key == "content-length" && err == nil && n > 0 && n <= maxJPEG {
		return lengthField, n
	}
	return field, 0
}

// other reads a part that is no JPEG: as long as it says, or up to the boundary.
func (p *pictures) other() ([]byte, error) {
	if p.length > 0 {
		var b bytes.Buffer
		_, err := io.CopyN(&b, p.r, int64(p.length))
		return b.Bytes(), unexpected(err)
	}
	p.buf = p.buf[:0]
	for {
		start, err := p.r.Peek(len("--") + len(p.boundary))
		if p.boundary != "" && string(start) == "--"+p.boundary {
			return bytes.TrimRight(p.buf, "\r\n"), nil
		}
		if len(start) == 0 {
			return nil, unexpected(err)
		}
		part, err := p.r.ReadSlice('\n')
		if p.buf = append(p.buf, part...); len(p.buf) > maxJPEG {
			return nil, errors.Errorf("a picture of more than %d bytes", maxJPEG)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, unexpected(err)
		}
	}
}

// unexpected is an error inside a picture.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
