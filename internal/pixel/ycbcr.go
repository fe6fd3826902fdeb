package pixel

import "image"

// Images of callers. JPEG keeps colour at half the resolution. image/jpeg leaves
// it so, and image.YCbCr repeats each sample; libjpeg, and with it Pillow and OpenCV,
// interpolates ("fancy upsampling"). Networks were trained on the latter, so
// the rows here are made as libjpeg makes them, in its integer arithmetic.

// ycbcrRows converts rows of a JPEG.
func ycbcrRows(src *image.YCbCr) rowFunc {
	b := src.Bounds()
	up := newUpsampler(src)
	cb, cr := make([]uint8, b.Dx()), make([]uint8, b.Dx())
	return func(dst []uint8, y int) {
		up.row(cb, src.Cb, y)
		up.row(cr, src.Cr, y)
		luma := src.Y[src.YOffset(b.Min.X, b.Min.Y+y):]
		for x := range b.Dx() {
			toRGB(dst[3*x:3*x+3:3*x+3], luma[x], cb[x], cr[x])
		}
	}
}

// toRGB is libjpeg's conversion, with 16 bits of fraction.
func toRGB(dst []uint8, y, cb, cr uint8) {
	const half = 1 << 15
	yy, b, r := int32(y), int32(cb)-128, int32(cr)-128
	dst[0] = clamp(yy + (91881*r+half)>>16)
	dst[1] = clamp(yy + (-22554*b-46802*r+half)>>16)
	dst[2] = clamp(yy + (116130*b+half)>>16)
}

func clamp(v int32) uint8 { return uint8(min(max(v, 0), 255)) }

// upsampler brings rows of a chroma plane to full resolution.
type upsampler struct {
	src           *image.YCbCr
	width, height int // of the chroma plane
	sums          []int32
}

func newUpsampler(src *image.YCbCr) *upsampler {
	b := src.Bounds()
	u := &upsampler{src: src, width: b.Dx(), height: b.Dy()}
	if src.Rect.Min != (image.Point{}) {
		return u // a sub-image may begin in the middle of a chroma sample
	}
	switch src.SubsampleRatio {
	case image.YCbCrSubsampleRatio420:
		u.width, u.height = (b.Dx()+1)/2, (b.Dy()+1)/2
	case image.YCbCrSubsampleRatio422:
		u.width = (b.Dx() + 1) / 2
	case image.YCbCrSubsampleRatio440:
		u.height = (b.Dy() + 1) / 2
	}
	u.sums = make([]int32, u.width)
	return u
}

// fancy reports whether libjpeg would interpolate: not along rows of a sample
// or two.
func (u *upsampler) fancy() bool {
	return u.sums != nil && (u.width > 2 || u.src.SubsampleRatio == image.YCbCrSubsampleRatio440)
}

func (u *upsampler) row(dst, plane []uint8, y int) {
	b := u.src.Bounds()
	switch {
	case u.fancy() && u.src.SubsampleRatio == image.YCbCrSubsampleRatio422:
		h2v1(dst, u.line(plane, y))
	case u.fancy() && u.src.SubsampleRatio == image.YCbCrSubsampleRatio420:
		u.h2v2(dst, u.line(plane, y/2), u.far(plane, y))
	case u.fancy() && u.src.SubsampleRatio == image.YCbCrSubsampleRatio440:
		h1v2(dst, u.line(plane, y/2), u.far(plane, y), 1+int32(y%2))
	default:
		for x := range dst {
			dst[x] = plane[u.src.COffset(b.Min.X+x, b.Min.Y+y)]
		}
	}
}

// line is a row of samples of a chroma plane.
func (u *upsampler) line(plane []uint8, y int) []uint8 {
	return plane[y*u.src.CStride:][:u.width]
}

// far is the row of samples on the other side of an output row than the one
// it lies in; at the edges it is that one.
func (u *upsampler) far(plane []uint8, y int) []uint8 {
	return u.line(plane, min(max(y/2-1+y%2*2, 0), u.height-1))
}

// h1v2 doubles the rows.
func h1v2(dst, near, far []uint8, round int32) {
	for x := range dst {
		dst[x] = uint8((3*int32(near[x]) + int32(far[x]) + round) >> 2)
	}
}

// h2v1 doubles a row: each output is three quarters of the nearer sample and
// one of the further, with roundings that alternate.
func h2v1(dst, src []uint8) {
	last := len(src) - 1
	for x := range dst {
		i := x / 2
		near := 3 * int32(src[i])
		switch {
		case x%2 == 0 && i == 0, x%2 == 1 && i == last:
			dst[x] = src[i]
		case x%2 == 0:
			dst[x] = uint8((near + int32(src[i-1]) + 1) >> 2)
		default:
			dst[x] = uint8((near + int32(src[i+1]) + 2) >> 2)
		}
	}
}

// h2v2 does the same in both directions: near is the row of samples nearer to
// the output row.
func (u *upsampler) h2v2(dst, near, far []uint8) {
	for i := range u.sums {
		u.sums[i] = 3*int32(near[i]) + int32(far[i])
	}
	last := len(u.sums) - 1
	for x := range dst {
		i := x / 2
		this := u.sums[i]
		switch {
		case x%2 == 0 && i == 0:
			dst[x] = uint8((4*this + 8) >> 4)
		case x%2 == 1 && i == last:
			dst[x] = uint8((4*this + 7) >> 4)
		case x%2 == 0:
			dst[x] = uint8((3*this + u.sums[i-1] + 8) >> 4)
		default:
			dst[x] = uint8((3*this + u.sums[i+1] + 7) >> 4)
		}
	}
}
