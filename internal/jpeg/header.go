package jpeg

import (
	"bytes"

	"github.com/pkg/errors"
)

// ColourSpace is what the planes of a file hold.
type ColourSpace uint8

// The colour spaces.
const (
	Grey ColourSpace = iota
	YCbCr
	RGB
	CMYK
	YCCK
)

var colourNames = [...]string{"grey", "YCbCr", "RGB", "CMYK", "YCCK"}

// String names the colour space.
func (c ColourSpace) String() string { return colourNames[c] }

// Plane is what a file says of one of its planes.
type Plane struct {
	ID   uint8
	H, V int // sampling factors, 1 to 4
}

// Header is what a file says before its first scan.
type Header struct {
	Width, Height int
	Colour        ColourSpace
	Progressive   bool
	Planes        int // 1, 3 or 4
	Plane         [4]Plane
	// Exif is the body of the first EXIF segment, a TIFF file, or nil. It
	// points into the data.
	Exif []byte
}

// ReadHeader reads a file up to its first scan. Nothing of the size that it
// states is allocated.
func ReadHeader(data []byte) (Header, error) {
	var p parser
	p.reset(data)
	if err := p.firstScan(); err != nil {
		return Header{}, err
	}
	return p.header, nil
}

// colourSpace is what the planes hold, by libjpeg's rules.
func (p *parser) colourSpace() ColourSpace {
	h := &p.header
	switch h.Planes {
	case 1:
		return Grey
	case 4:
		if p.adobe && p.transform != 0 {
			return YCCK
		}
		return CMYK
	}
	ids := [3]uint8{h.Plane[0].ID, h.Plane[1].ID, h.Plane[2].ID}
	switch {
	case p.jfif:
		return YCbCr
	case p.adobe:
		if p.transform == 0 {
			return RGB
		}
		return YCbCr
	case ids == [3]uint8{'R', 'G', 'B'}:
		return RGB
	}
	return YCbCr
}

// app reads a segment of an application: JFIF's and Adobe's say what the planes
// hold, EXIF's how the camera was held.
func (p *parser) app(marker byte, body []byte) {
	switch {
	case marker == app0 && len(body) >= 14 && bytes.HasPrefix(body, []byte("JFIF\x00")):
		p.jfif = true
	case marker == app0+1 && len(body) >= 6 && bytes.HasPrefix(body, []byte("Exif\x00")):
		if p.header.Exif == nil {
			p.header.Exif = body[6:]
		}
	case marker == app0+14 && len(body) >= 12 && bytes.HasPrefix(body, []byte("Adobe")):
		p.adobe, p.transform = true, body[11]
	}
}

// frame reads a start of frame.
func (p *parser) frame(marker byte, body []byte) error {
	h := &p.header
	if h.Planes != 0 {
		return malformed("a second frame begins at byte %d", p.at)
	}
	if err := supported(marker); err != nil {
		return err
	}
	if len(body) < 6 {
		return malformed("the frame's header has %d bytes, want 6 and more", len(body))
	}
	if body[0] != 8 {
		return errors.Wrapf(ErrUnsupported, "samples of %d bits; only 8 are read", body[0])
	}
	h.Height, h.Width = int(body[1])<<8|int(body[2]), int(body[3])<<8|int(body[4])
	if h.Width > maxSide || h.Height > maxSide {
		return errors.Wrapf(ErrUnsupported, "%dx%d pixels; a side has at most %d", h.Width, h.Height, maxSide)
	}
	if h.Height == 0 {
		return errors.Wrap(ErrUnsupported, "a height of 0, which a marker after the first scan (DNL) would set")
	}
	if h.Width == 0 {
		return malformed("a width of 0")
	}
	planes := int(body[5])
	if planes != 1 && planes != 3 && planes != 4 {
		return errors.Wrapf(ErrUnsupported, "%d planes; 1, 3 and 4 are read", planes)
	}
	if len(body) != 6+3*planes {
		return malformed("the frame's header has %d bytes, want %d for %d planes", len(body), 6+3*planes, planes)
	}
	for i := range planes {
		spec := body[6+3*i:]
		plane := Plane{ID: spec[0], H: int(spec[1] >> 4), V: int(spec[1] & 15)}
		if plane.H < 1 || plane.H > 4 || plane.V < 1 || plane.V > 4 {
			return malformed("plane %d has the sampling factors %dx%d, want 1 to 4", i, plane.H, plane.V)
		}
		h.Plane[i], p.quantOf[i] = plane, spec[2]
	}
	h.Planes, h.Progressive = planes, marker == sof2
	return nil
}

// supported tells what kind of frame a marker begins.
func supported(marker byte) error {
	kind := ""
	switch marker {
	case sof0, sof1, sof2:
		return nil
	case sof0 + 3:
		kind = "a lossless JPEG"
	case sof0 + 5, sof0 + 6, sof0 + 7:
		kind = "a hierarchical JPEG"
	case sof0 + 9, sof0 + 10:
		kind = "a JPEG with arithmetic coding"
	case sof0 + 11:
		kind = "a lossless JPEG with arithmetic coding"
	default:
		kind = "a hierarchical JPEG with arithmetic coding"
	}
	return errors.Wrapf(ErrUnsupported, "%s (marker %02X); baseline, extended and progressive Huffman files are read", kind, marker)
}
