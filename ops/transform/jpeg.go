package transform

import (
	"bytes"
	"image"
	"sync"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/imagefile"
	"github.com/vertebra-vision/vertebra/internal/jpeg"
	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// jpegDecoder is a decoder with memory for pixels on their way.
type jpegDecoder struct {
	jpeg.Decoder
	stored, turned []uint8
}

// decoders keep their memory while they are used again and again.
var decoders = sync.Pool{New: func() any { return new(jpegDecoder) }}

// isJPEG reports whether a file begins as a JPEG does.
func isJPEG(data []byte) bool { return bytes.HasPrefix(data, []byte{0xFF, 0xD8, 0xFF}) }

// decodeJPEG decodes a JPEG.
func decodeJPEG(data []byte, o decodeOptions) (*Decoded, error) {
	d := decoders.Get().(*jpegDecoder)
	m, err := d.decode(data, o)
	decoders.Put(d) // not after a panic
	return m, err
}

func (d *jpegDecoder) decode(data []byte, o decodeOptions) (*Decoded, error) {
	h, err := d.open(data, o.maxPixels)
	if err != nil {
		return nil, err
	}
	if err := d.Begin(jpeg.Options{MaxPixels: o.maxPixels, Scale: o.scale, Partial: o.partial}); err != nil {
		return nil, jpegError(h, err)
	}
	orientation := imagefile.Orientation(data, "jpeg")
	width, height := d.Size()
	m := &RGB{}
	m.Width, m.Height = uprightSize(width, height, orientation)
	if m.Pix, err = o.memory(3 * width * height); err != nil {
		return nil, err
	}
	stored := m.pixel()
	if orientation != 1 {
		stored = &pixel.RGB{Width: width, Height: height, Pix: sized(&d.stored, len(m.Pix))}
	}
	if _, err := d.Rows(stored.Pix); err != nil {
		return nil, jpegError(h, err)
	}
	if orientation != 1 {
		turn(m.pixel(), stored, orientation)
	}
	real := image.Rect(0, 0, width, d.RealRows())
	return &Decoded{RGB: m, Format: "jpeg", Scale: o.scale, Real: uprightPart(real, orientation, width, height), Damage: d.Damage()}, nil
}

// open reads the header and refuses what is too large.
func (d *jpegDecoder) open(data []byte, maxPixels int) (jpeg.Header, error) {
	h, err := d.Open(data)
	if err != nil {
		return h, errors.Wrapf(ErrImage, "jpeg: %v", err)
	}
	return h, checkPixels(h.Width, h.Height, maxPixels)
}

func jpegError(h jpeg.Header, err error) error {
	return errors.Wrapf(ErrImage, "jpeg of %dx%d: %v", h.Width, h.Height, err)
}

// memory is that of an image's pixels.
func (o *decodeOptions) memory(size int) ([]uint8, error) {
	if o.take == nil {
		return make([]uint8, size), nil
	}
	memory := o.take(size)
	if len(memory) < size {
		return nil, errors.Wrapf(ErrImage, "WithMemory gives %d bytes, want %d", len(memory), size)
	}
	return memory[:size], nil
}

// sized is a buffer at a size; it grows where it must.
func sized(buffer *[]uint8, size int) []uint8 {
	if cap(*buffer) < size {
		*buffer = make([]uint8, size)
	}
	return (*buffer)[:size]
}
