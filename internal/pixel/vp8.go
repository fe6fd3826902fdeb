package pixel

import "image"

// A lossy WebP is a VP8 frame. Its luma spans 16 to 235, not 0 to 255 as a
// JPEG's does, but golang.org/x/image/webp gives it the same type, whose own
// conversion washes the colours out. Here the rows are made as libwebp, and
// with it Pillow, makes them, in its integer arithmetic.

// vp8Rows converts rows of a VP8 frame, whose colour has half the resolution.
func vp8Rows(src *image.YCbCr) rowFunc {
	b := src.Bounds()
	up := newUpsampler(src)
	if up.sums == nil || src.SubsampleRatio != image.YCbCrSubsampleRatio420 {
		return ycbcrRows(src) // no decoder's frame
	}
	u, v := make([]uint8, b.Dx()), make([]uint8, b.Dx())
	return func(dst []uint8, y int) {
		vp8Upsample(u, up.line(src.Cb, y/2), up.far(src.Cb, y))
		vp8Upsample(v, up.line(src.Cr, y/2), up.far(src.Cr, y))
		luma := src.Y[src.YOffset(b.Min.X, b.Min.Y+y):]
		for x := range b.Dx() {
			vp8ToRGB(dst[3*x:3*x+3:3*x+3], luma[x], u[x], v[x])
		}
	}
}

// vp8Upsample doubles a row of colour samples: an output weighs the four
// samples around it 9, 3, 3 and 1, in two steps that round as libwebp's do.
// far is the row beyond near as seen from the output row.
func vp8Upsample(dst, near, far []uint8) {
	for x := range dst {
		i := x / 2
		side := i - 1 + x%2*2
		this, beyond := int32(near[i]), int32(far[i])
		if side < 0 || side >= len(near) {
			dst[x] = uint8((3*this + beyond + 2) >> 2)
			continue
		}
		mixed := (this + 3*(int32(near[side])+beyond) + int32(far[side]) + 8) >> 3
		dst[x] = uint8((mixed + this) >> 1)
	}
}

// vp8ToRGB is libwebp's conversion: BT.601 of limited range, with 6 bits of
// fraction.
func vp8ToRGB(dst []uint8, y, u, v uint8) {
	luma, b, r := int32(y)*19077>>8, int32(u), int32(v)
	dst[0] = clamp((luma + r*26149>>8 - 14234) >> 6)
	dst[1] = clamp((luma - b*6419>>8 - r*13320>>8 + 8708) >> 6)
	dst[2] = clamp((luma + b*33050>>8 - 17685) >> 6)
}
