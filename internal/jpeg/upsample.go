package jpeg

import "github.com/pkg/errors"

// upsampler brings rows of a plane to the picture's resolution: by a triangle
// filter where it has half of that, as libjpeg's "fancy" upsampling does, else
// by repeating pixels.
type upsampler struct {
	kind           upsampling
	across1, down1 int // pixels for each of the plane's
}

type upsampling uint8

const (
	repeat upsampling = iota
	triangleAcross
	triangleDown
	triangleBoth
)

// upsamplerOf chooses how a plane is brought up, as libjpeg does.
func (d *Decoder) upsamplerOf(i int) (upsampler, error) {
	p, least := &d.planes[i], 8/d.scale
	h, v := p.h*p.size/least, p.v*p.size/least
	if d.maxH%h != 0 || d.maxV%v != 0 {
		return upsampler{}, errors.Wrapf(ErrUnsupported,
			"plane %d has %d/%d of the picture's columns and %d/%d of its rows, not a whole part", i, h, d.maxH, v, d.maxV)
	}
	u := upsampler{repeat, d.maxH / h, d.maxV / v}
	fancy := least > 1
	switch {
	case !fancy:
	case u.across1 == 2 && u.down1 == 1 && p.width > 2:
		u.kind = triangleAcross
	case u.across1 == 1 && u.down1 == 2:
		u.kind = triangleDown
	case u.across1 == 2 && u.down1 == 2 && p.width > 2:
		u.kind = triangleBoth
	}
	return u, nil
}

// context reports whether a row depends on those above and below.
func (u upsampler) context() bool { return u.kind == triangleDown || u.kind == triangleBoth }

// across reports whether a pixel depends on those beside it.
func (u upsampler) across() bool { return u.kind == triangleAcross || u.kind == triangleBoth }

// columns is which of a plane's columns some of the picture's depend on.
func (u upsampler) columns(from, to, width int) (int, int) {
	return reach(from, to, u.across1, width, u.across())
}

// rows is the same of its rows.
func (u upsampler) rows(from, to, height int) (int, int) {
	return reach(from, to, u.down1, height, u.context())
}

func reach(from, to, factor, size int, neighbours bool) (int, int) {
	from, to = from/factor, ceil(to, factor)
	if neighbours {
		from, to = from-1, to+1
	}
	return max(from, 0), min(to, size)
}

// upsample returns row y of a plane at the picture's resolution, from the
// window's first column on. It lies in scratch or in the ring.
func (d *Decoder) upsample(p *plane, scratch []uint8, y int) []uint8 {
	u, x := p.up, d.window.Min.X
	first := x / u.across1
	n := ceil(d.window.Max.X, u.across1) - first
	switch u.kind {
	case triangleAcross:
		d.across(scratch, p.row(y, first-1), n)
	case triangleDown:
		near, far := y/2, y/2-1+y%2*2
		d.down(scratch, p.row(near, first), p.row(far, first), n, 1+y%2)
	case triangleBoth:
		near, far := y/2, y/2-1+y%2*2
		d.both(scratch, p.row(near, first-1), p.row(far, first-1), n)
	default:
		row := p.row(y/u.down1, first)
		if u.across1 == 1 {
			return row
		}
		repeatRow(scratch, row, n, u.across1)
	}
	return scratch[x-first*u.across1:]
}

// repeatRow repeats n pixels some times.
func repeatRow(dst, src []uint8, n, times int) {
	for i, v := range src[:n] {
		for j := range times {
			dst[times*i+j] = v
		}
	}
}

// rowAcross makes 2n pixels of n that begin with the second: each weighs the
// nearest one 3 and the next one 1.
func rowAcross(dst, src []uint8, n int) {
	src, dst = src[:n+2], dst[:2*n]
	before, this := int(src[0]), int(src[1])
	for i := range n {
		after := int(src[i+2])
		dst[2*i] = uint8((3*this + before + 1) >> 2)
		dst[2*i+1] = uint8((3*this + after + 2) >> 2)
		before, this = this, after
	}
}

// rowDown makes n pixels between two rows.
func rowDown(dst, near, far []uint8, n, bias int) {
	near, far, dst = near[:n], far[:n], dst[:n]
	for i, v := range near {
		dst[i] = uint8((3*int(v) + int(far[i]) + bias) >> 2)
	}
}

// rowBoth makes 2n pixels of the n in two rows that begin with the second.
func rowBoth(dst, near, far []uint8, n int) {
	near, far, dst = near[:n+2], far[:n+2], dst[:2*n]
	before, this := 3*int(near[0])+int(far[0]), 3*int(near[1])+int(far[1])
	for i := range n {
		after := 3*int(near[i+2]) + int(far[i+2])
		dst[2*i] = uint8((3*this + before + 8) >> 4)
		dst[2*i+1] = uint8((3*this + after + 7) >> 4)
		before, this = this, after
	}
}
