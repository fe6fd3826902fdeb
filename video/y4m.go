package video

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// maxHeader bounds the lines of a YUV4MPEG2 stream.
const maxHeader = 4096

// Y4M opens a YUV4MPEG2 stream as a source, as "ffmpeg -i … -f yuv4mpegpipe -"
// writes it: 8 to 16 bits a sample ("-strict -1" for more than 8), 4:2:0, 4:1:1,
// 4:2:2, 4:4:4, with alpha, which is dropped, or grey. Colours are BT.601's, of
// limited range unless the header says XCOLORRANGE=FULL; chroma is repeated, not
// interpolated. The two fields of an interlaced frame stay woven into one
// picture; "-vf yadif" makes whole pictures of them. If r is an io.Closer, it is
// closed. A source of a reader can be opened once. Errors wrap ErrSource.
func Y4M(r io.Reader) Opener {
	once := onlyOnce()
	return func(ctx context.Context) (Source, error) {
		if err := once(); err != nil {
			return nil, err
		}
		in := newReader(r)
		s, err := openY4M(ctx, in)
		if err != nil {
			_ = in.Close()
			return nil, err
		}
		return s, nil
	}
}

// y4m is a stream's header.
type y4m struct {
	width, height int
	fps           float64
	divX, divY    int  // chroma's subsampling; 0 is grey
	bits          int  // of a sample
	alpha         bool // a fourth plane
	full          bool
	fields        byte // how the fields of a frame lie: p for none, t or b, m if each frame says it

	deep []uint16 // a frame's samples of more than 8 bits
}

func openY4M(ctx context.Context, in *reader) (Source, error) {
	line, err := in.line(ctx, maxHeader)
	if errors.Is(err, io.EOF) {
		return nil, errors.Wrap(ErrSource, "the stream is empty")
	}
	if err != nil {
		return nil, err
	}
	h, err := parseY4M(line)
	if err != nil {
		return nil, err
	}
	s := &rawSource{in: in, info: Info{Width: h.width, Height: h.height, FPS: h.fps}}
	var planes []uint8
	s.decode = func(ctx context.Context, s *rawSource) (*Frame, error) {
		line, err := in.line(ctx, maxHeader)
		if err != nil {
			return nil, err
		}
		if err := frameLine(line); err != nil {
			return nil, err
		}
		if planes == nil { // not before a frame begins: the header may lie
			planes = make([]uint8, h.size())
		}
		return h.frame(ctx, s, planes, h.woven(line))
	}
	return s, nil
}

func frameLine(line string) error {
	if line != "FRAME" && !strings.HasPrefix(line, "FRAME ") {
		return errors.Wrapf(ErrSource, "expected FRAME, found %.20q: the stream is damaged", line)
	}
	return nil
}

// parseY4M reads the first line.
func parseY4M(line string) (*y4m, error) {
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0] != "YUV4MPEG2" {
		return nil, errors.Wrapf(ErrSource, "expected a YUV4MPEG2 stream, found %.20q", line)
	}
	h := &y4m{fps: defaultRate, divX: 2, divY: 2, bits: 8, fields: 'p'}
	for _, field := range fields[1:] {
		var err error
		switch value := field[1:]; field[0] {
		case 'W':
			h.width, err = strconv.Atoi(value)
		case 'H':
			h.height, err = strconv.Atoi(value)
		case 'F':
			h.rate(value)
		case 'C':
			err = h.chroma(value)
		case 'X':
			h.full = h.full || value == "COLORRANGE=FULL"
		case 'I':
			switch value {
			case "t", "b", "m":
				h.fields = value[0]
			case "p", "?", "":
			default:
				err = errors.Errorf("interlacing %q, want p, t, b or m; ffmpeg -i IN -vf yadif -f yuv4mpegpipe - writes p", value)
			}
		}
		if err != nil {
			return nil, errors.Wrapf(ErrSource, "YUV4MPEG2 header: %v", err)
		}
	}
	if h.width <= 0 || h.height <= 0 || h.width > transform.MaxPixels/h.height {
		return nil, errors.Wrapf(ErrSource, "YUV4MPEG2 header: %dx%d pixels", h.width, h.height)
	}
	return h, nil
}

// rate reads a ratio; 0:0 is unknown.
func (h *y4m) rate(value string) {
	a, b, _ := strings.Cut(value, ":")
	n, err1 := strconv.ParseFloat(a, 64)
	d, err2 := strconv.ParseFloat(b, 64)
	if fps := n / d; err1 == nil && err2 == nil && fps > 0 && fps <= maxRate {
		h.fps = fps
	}
}

// woven reports whether the chroma of a frame belongs to the fields: every other
// line of a plane to one.
func (h *y4m) woven(line string) bool {
	if h.fields != 'm' {
		return h.fields != 'p'
	}
	_, tags, _ := strings.Cut(line, " I")
	return len(tags) > 2 && tags[2] == 'i' // how it is shown, how it was taken, how chroma was
}

// chroma reads the layout of a pixel: 420jpeg, 422p10, mono12.
func (h *y4m) chroma(value string) error {
	layouts := []struct {
		name       string
		divX, divY int
	}{{"420", 2, 2}, {"411", 4, 1}, {"422", 2, 1}, {"444", 1, 1}, {"mono", 0, 0}}
	for _, l := range layouts {
		rest, ok := strings.CutPrefix(value, l.name)
		if !ok {
			continue
		}
		h.divX, h.divY, h.bits, h.alpha = l.divX, l.divY, 8, false
		switch {
		case rest == "", l.name == "420" && (rest == "jpeg" || rest == "mpeg2" || rest == "paldv"):
			return nil
		case l.name == "444" && rest == "alpha":
			h.alpha = true
			return nil
		}
		if l.name != "mono" {
			rest, ok = strings.CutPrefix(rest, "p")
		}
		if n, err := strconv.Atoi(rest); ok && err == nil && n >= 9 && n <= 16 {
			h.bits = n
			return nil
		}
	}
	return errors.Errorf("chroma %q, want 420, 411, 422, 444 or mono of 8 to 16 bits; ffmpeg -i IN -pix_fmt yuv420p -f yuv4mpegpipe - writes 420", value)
}

// chromaSize is the extents of one of the two chroma planes.
func (h *y4m) chromaSize() (w, height int) {
	if h.divX == 0 {
		return 0, 0
	}
	return (h.width + h.divX - 1) / h.divX, (h.height + h.divY - 1) / h.divY
}

// size is the bytes of a frame.
func (h *y4m) size() int {
	w, height := h.chromaSize()
	n := h.width*h.height + 2*w*height
	if h.alpha {
		n += h.width * h.height
	}
	return n * h.bytes()
}

// bytes is those of a sample.
func (h *y4m) bytes() int { return (h.bits + 7) / 8 }

// frame reads the planes and converts them.
func (h *y4m) frame(ctx context.Context, s *rawSource, planes []uint8, woven bool) (*Frame, error) {
	if err := s.in.full(ctx, planes); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.Wrap(ErrSource, "the stream ends inside a frame")
		}
		return nil, err
	}
	f, err := s.memory.frame(h.width, h.height, RGB)
	if err != nil {
		return nil, err
	}
	if h.bits <= 8 {
		convert(f, h, woven, planes)
		return f, nil
	}
	if h.deep == nil {
		h.deep = make([]uint16, len(planes)/2)
	}
	for i := range h.deep {
		h.deep[i] = uint16(planes[2*i]) | uint16(planes[2*i+1])<<8
	}
	convert(f, h, woven, h.deep)
	return f, nil
}
