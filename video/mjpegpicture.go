package video

import (
	"bytes"
	"io"

	"github.com/pkg/errors"
)

// The markers of ITU-T T.81 that matter for where a picture ends.
const (
	markerTEM  = 0x01
	markerRST0 = 0xd0
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
)

// jpeg reads a picture, whose start was read, up to its end marker: that of
// the picture, not of a preview in one of its segments. One that its part's length
// or the next picture ends before is given an end marker; what is missing is the
// decoder's to find.
func (p *pictures) jpeg() ([]byte, error) {
	p.begun = false
	p.buf = append(p.buf[:0], 0xff, markerSOI)
	for {
		marker, err := p.marker()
		if err != nil {
			return nil, unexpected(err)
		}
		switch {
		case marker == 0: // the part ends
			return append(p.buf, 0xff, markerEOI), nil
		case marker == markerSOI && len(p.buf) == 2:
			continue
		case marker == markerSOI:
			p.begun = true
			p.cut()
			return append(p.buf, 0xff, markerEOI), nil
		}
		p.buf = append(p.buf, 0xff, marker)
		switch {
		case marker == markerEOI:
			return p.buf, nil
		case marker == markerTEM || marker >= markerRST0 && marker < markerSOI:
			continue
		}
		whole, err := p.segment()
		if err != nil {
			return nil, unexpected(err)
		}
		if !whole {
			return append(p.buf, 0xff, markerEOI), nil
		}
	}
}

// marker reads up to the next marker that is not part of a scan's data, and
// past it. It is 0 where the part ends before.
func (p *pictures) marker() (byte, error) {
	for {
		if len(p.buf) > maxJPEG {
			return 0, errors.Errorf("a picture of more than %d bytes", maxJPEG)
		}
		if len(p.buf) == p.length && p.atBoundary() {
			return 0, nil
		}
		if _, err := p.r.Peek(1); err != nil {
			return 0, err
		}
		data, _ := p.r.Peek(p.r.Buffered())
		if left := p.length - len(p.buf); left > 0 {
			data = data[:min(len(data), left)]
		}
		at := bytes.IndexByte(data, 0xff)
		if at != 0 { // a scan's data
			if at < 0 {
				at = len(data)
			}
			p.buf = append(p.buf, data[:at]...)
			_, _ = p.r.Discard(at)
			continue
		}
		pair, err := p.r.Peek(2)
		if err != nil {
			return 0, err
		}
		switch m := pair[1]; {
		case m == 0xff: // fills up
			_, _ = p.r.Discard(1)
		case m == 0 || m >= markerRST0 && m < markerSOI:
			p.buf = append(p.buf, 0xff, m)
			_, _ = p.r.Discard(2)
		default:
			_, _ = p.r.Discard(2)
			return m, nil
		}
	}
}

// atBoundary reports whether the stream ends here or a boundary follows.
func (p *pictures) atBoundary() bool {
	next, err := p.r.Peek(len("\r\n--") + len(p.boundary))
	if len(next) == 0 {
		return errors.Is(err, io.EOF)
	}
	next = bytes.TrimLeft(next, "\r\n")
	return p.boundary != "" && (bytes.HasPrefix(next, []byte(p.boundary)) || bytes.HasPrefix(next, []byte("--"+p.boundary)))
}

// segment reads a segment after its marker; it is not whole where a boundary
// stands in it.
func (p *pictures) segment() (whole bool, err error) {
	size, err := p.r.Peek(2)
	if err != nil {
		return false, err
	}
	n := int(size[0])<<8 | int(size[1])
	if n < 2 {
		return true, nil // damaged; the next marker goes on
	}
	data, err := p.r.Peek(n)
	if at := bytes.Index(data, []byte("\n--"+p.boundary)); p.boundary != "" && at >= 0 {
		data, err, whole = bytes.TrimRight(data[:at], "\r"), nil, false
	} else {
		whole = true
	}
	p.buf = append(p.buf, data...)
	_, _ = p.r.Discard(len(data))
	return whole, err
}

// cut takes off what stands between a picture that was cut and the next one.
func (p *pictures) cut() {
	if p.boundary == "" {
		return
	}
	if at := bytes.LastIndex(p.buf, []byte("--"+p.boundary)); at >= 0 {
		p.buf = bytes.TrimRight(p.buf[:at], "\r\n")
	}
}
