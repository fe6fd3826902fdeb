package transform

import (
	"image"

	"github.com/pkg/errors"
)

// DecodeOption chooses how DecodeWith, DecodeBytes and LoadWith decode.
type DecodeOption func(*decodeOptions)

type decodeOptions struct {
	maxPixels int
	scale     int
	partial   bool
	take      func(size int) []uint8
}

// WithScale decodes JPEGs at 1/2, 1/4 or 1/8 of their size, rounded up, to the
// pixels of Pillow's draft mode: that is several times as fast, and not what
// resizing the whole picture would give. A divisor of 1 is the whole size. Other
// formats come at their size.
func WithScale(divisor int) DecodeOption {
	return func(o *decodeOptions) { o.scale = divisor }
}

// WithPartial takes what there is of a JPEG that ends early, as Pillow does with
// LOAD_TRUNCATED_IMAGES: what is missing is grey, or for a progressive file
// coarse, and Decoded.Real tells where. Other formats that end early remain
// errors.
func WithPartial() DecodeOption {
	return func(o *decodeOptions) { o.partial = true }
}

// WithMemory puts the pixels of a JPEG into memory of the caller's: take is
// called once, when the size is known and allowed, and returns that many bytes or
// more, whatever is in them. Other formats come in memory of their own.
func WithMemory(take func(size int) []uint8) DecodeOption {
	return func(o *decodeOptions) { o.take = take }
}

func optionsOf(opts []DecodeOption) (o decodeOptions, err error) {
	o = decodeOptions{maxPixels: MaxPixels, scale: 1}
	for _, set := range opts {
		set(&o)
	}
	if o.scale != 1 && o.scale != 2 && o.scale != 4 && o.scale != 8 {
		return o, errors.Wrapf(ErrImage, "a scale of 1/%d, want 1, 2, 4 or 8 as its divisor", o.scale)
	}
	return o, nil
}

// Decoded is a decoded image, upright, and what its file was like.
type Decoded struct {
	*RGB
	// Format is jpeg, png, webp, bmp, gif, tiff, or the name under which a decoder
	// registered itself with package image.
	Format string
	// Scale is by what the sides were divided: that of WithScale for a JPEG, else 1.
	Scale int
	// Real is the part of the image that the file has data for. It is all of it but
	// for damaged JPEGs, whose stored rows from the first damage on count as
	// missing; Real.Dy() is the number of real rows where the orientation does not
	// turn rows into columns. Of a progressive JPEG rows count that have at least
	// their coarsest scan.
	Real image.Rectangle
	// Damage is nil, or the first thing wrong with a JPEG that was passed over, as
	// Pillow does: a code that cannot be, data that end before their segment does.
	Damage error
}

// whole is an image without damage.
func whole(m *RGB, format string) *Decoded {
	return &Decoded{RGB: m, Format: format, Scale: 1, Real: m.Bounds()}
}
