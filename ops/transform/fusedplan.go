package transform

import (
	"image"
	"math"
	"sync"

	"github.com/pkg/errors"
)

// fusedPlan is where each pixel of the result comes from. Pixels outside the
// resized image, where the crop is larger, have no taps and are black.
type fusedPlan struct {
	outWidth, outHeight int
	columns, rows       []taps
	seen                image.Rectangle // of the image: what rows and columns need
	copyX               bool            // the pass along rows changes nothing
	scratch             sync.Pool
}

func (c Classification) fusedPlan(width, height int) (*fusedPlan, error) {
	w, h := width, height
	if c.Resize != 0 {
		w, h = shorterSize(width, height, c.Resize)
	}
	for _, err := range []error{checkSize(w, h), checkSize(w, height)} {
		if err != nil {
			return nil, errors.WithMessagef(err, "resizing %dx%d", width, height)
		}
	}
	p := &fusedPlan{outWidth: w, outHeight: h}
	left, top := 0, 0
	if c.Crop != 0 {
		if err := checkSize(c.Crop, c.Crop); err != nil {
			return nil, err
		}
		left, top = cropStart(w, c.Crop), cropStart(h, c.Crop)
		p.outWidth, p.outHeight = c.Crop, c.Crop
	}
	p.columns = window(c.axis(width, w), left, p.outWidth)
	p.rows = window(c.axis(height, h), top, p.outHeight)
	p.seen.Min.X, p.seen.Max.X = reach(p.columns)
	p.seen.Min.Y, p.seen.Max.Y = reach(p.rows)
	p.copyX = w == width && p.seen.Dx() == p.outWidth
	return p, nil
}

// reach is the samples from the first to the last that some taps take.
func reach(list []taps) (first, end int) {
	first = math.MaxInt
	for _, t := range list {
		if n := len(t.weights); n > 0 {
			first, end = min(first, t.first), max(end, t.first+n)
		}
	}
	return min(first, end), end
}

// one is the weight of a sample that is copied.
var one = []int32{1 << precision}

// axis is the taps of an axis; those of nearest and of an axis that keeps its
// length are single samples.
func (c Classification) axis(in, out int) []taps {
	if in != out && c.Interpolation != Nearest {
		return tapsOf(in, out, filters[c.Interpolation])
	}
	list := make([]taps, out)
	for i := range list {
		list[i] = taps{first: i, weights: one}
		if in != out {
			list[i].first = nearestIndex(i, in, out)
		}
	}
	return list
}

// window takes n taps from the given first on, with empty ones outside.
func window(list []taps, first, n int) []taps {
	out := make([]taps, n)
	for i := range out {
		if at := first + i; at >= 0 && at < len(list) {
			out[i] = list[at]
		}
	}
	return out
}

// run resizes an image.
func (p *fusedPlan) run(dst []float32, b Bytes, tables *[3][256]float32) {
	buffers := p.buffers()
	defer p.scratch.Put(buffers)
	for y := p.seen.Min.Y; y < p.seen.Max.Y; y++ {
		p.line(buffers, y, b.Pix[y*b.Stride+3*p.seen.Min.X:][:3*p.seen.Dx()])
	}
	p.planes(dst, buffers, b.BGR, tables)
}

// buffers are those of a run, to be put back into scratch.
func (p *fusedPlan) buffers() *fusedBuffers {
	if b, ok := p.scratch.Get().(*fusedBuffers); ok {
		return b
	}
	return &fusedBuffers{lines: make([]uint8, 3*p.outWidth*p.seen.Dy()), sums: make([]int32, 3*p.outWidth)}
}

type fusedBuffers struct {
	lines []uint8
	sums  []int32
}

// line resizes row y of the image, of which it is given the pixels that are seen.
func (p *fusedPlan) line(buffers *fusedBuffers, y int, in []uint8) {
	out := buffers.lines[3*p.outWidth*(y-p.seen.Min.Y):][:3*p.outWidth]
	if p.copyX {
		copy(out, in)
		return
	}
	for x, t := range p.columns {
		r, g, b := int32(rounding), int32(rounding), int32(rounding)
		if n := len(t.weights); n > 0 {
			samples := in[3*(t.first-p.seen.Min.X):][:3*n]
			for i, w := range t.weights {
				s := samples[3*i : 3*i+3 : 3*i+3]
				r += w * int32(s[0])
				g += w * int32(s[1])
				b += w * int32(s[2])
			}
		}
		o := out[3*x : 3*x+3 : 3*x+3]
		o[0], o[1], o[2] = clip(r), clip(g), clip(b)
	}
}

// planes resizes the lines along the columns and normalises.
func (p *fusedPlan) planes(dst []float32, buffers *fusedBuffers, bgr bool, tables *[3][256]float32) {
	r, blue := 0, 2
	if bgr {
		r, blue = 2, 0
	}
	plane, width := p.outWidth*p.outHeight, 3*p.outWidth
	for y, t := range p.rows {
		sums := buffers.sums
		for i := range sums {
			sums[i] = rounding
		}
		for i, w := range t.weights {
			line := buffers.lines[(t.first+i-p.seen.Min.Y)*width:][:len(sums)]
			for x, v := range line {
				sums[x] += w * int32(v)
			}
		}
		red, green, blues := dst[y*p.outWidth:][:p.outWidth], dst[plane+y*p.outWidth:][:p.outWidth], dst[2*plane+y*p.outWidth:][:p.outWidth]
		for x := range red {
			s := sums[3*x : 3*x+3 : 3*x+3]
			red[x] = tables[0][clip(s[r])]
			green[x] = tables[1][clip(s[1])]
			blues[x] = tables[2][clip(s[blue])]
		}
	}
}
