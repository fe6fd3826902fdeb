package transform

import (
	"image"
	"sync"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// Bytes is an image as decoders of video give it: three bytes a pixel, rows of
// Stride bytes.
type Bytes struct {
	Pix                   []uint8
	Width, Height, Stride int
	// BGR is OpenCV's order; otherwise it is RGB.
	BGR bool
}

func (b Bytes) check() error {
	if err := checkSize(b.Width, b.Height); err != nil {
		return err
	}
	if b.Stride < 3*b.Width || len(b.Pix) < 3*b.Width || (len(b.Pix)-3*b.Width)/b.Stride < b.Height-1 {
		return errors.Wrapf(ErrImage, "%d bytes in rows of %d are too few for %dx%d pixels", len(b.Pix), b.Stride, b.Width, b.Height)
	}
	return nil
}

// RGB copies the image. The error wraps ErrImage.
func (b Bytes) RGB() (*RGB, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	m, err := NewRGB(b.Width, b.Height)
	if err != nil {
		return nil, err
	}
	for y := range b.Height {
		row := m.Pix[3*y*b.Width:][:3*b.Width]
		copy(row, b.Pix[y*b.Stride:])
		if b.BGR {
			for i := 0; i < len(row); i += 3 {
				row[i], row[i+2] = row[i+2], row[i]
			}
		}
	}
	return m, nil
}

// Fused is a Classification that goes from bytes straight to a network's
// input: it resizes only what the crop keeps, in the passes that it needs
// anyway swaps the channels, and normalises what the last pass computes. The
// result is that of Classification.Apply, to the bit. It is safe for
// concurrent use.
type Fused struct {
	c      Classification
	tables [3][256]float32

	mu    sync.Mutex
	plans map[image.Point]*fusedPlan // by the image's size
}

// maxFusedPlans bounds the sizes of images that a Fused remembers.
const maxFusedPlans = 16

// NewFused prepares a preprocessing. The error wraps ErrImage.
func NewFused(c Classification) (*Fused, error) {
	if c.Interpolation == "" {
		c.Interpolation = Bilinear
	}
	if _, ok := filters[c.Interpolation]; !ok && c.Interpolation != Nearest {
		return nil, errors.Wrapf(ErrImage, "interpolation %q, want %q, %q or %q", c.Interpolation, Bilinear, Bicubic, Nearest)
	}
	if c.Resize < 0 || c.Crop < 0 {
		return nil, errors.Wrapf(ErrImage, "resize %d and crop %d: want none negative", c.Resize, c.Crop)
	}
	return &Fused{c: c, tables: c.tables(), plans: map[image.Point]*fusedPlan{}}, nil
}

// Apply turns an image into a 1×3×H×W tensor. Errors wrap ErrImage.
func (f *Fused) Apply(b Bytes) (*ops.Tensor, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	p, err := f.plan(b.Width, b.Height)
	if err != nil {
		return nil, err
	}
	x, err := ops.New(1, 3, p.outHeight, p.outWidth)
	if err != nil {
		return nil, err
	}
	p.run(x.Data(), b, &f.tables)
	return x, nil
}

// plan is what an image of a size needs, remembered.
func (f *Fused) plan(width, height int) (*fusedPlan, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	size := image.Pt(width, height)
	if p, ok := f.plans[size]; ok {
		return p, nil
	}
	p, err := f.c.fusedPlan(width, height)
	if err != nil {
		return nil, err
	}
	if len(f.plans) >= maxFusedPlans {
		clear(f.plans)
	}
	f.plans[size] = p
	return p, nil
}

// fusedPlan is where each pixel of the result comes from. Pixels outside the
// resized image, where the crop is larger, have no taps and are black.
type fusedPlan struct {
	outWidth, outHeight int
	columns, rows       []taps
	firstRow, endRow    int  // of the image: what rows need
	copyX               bool // the pass along rows changes nothing
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
	p := &fusedPlan{outWidth: w, outHeight: h, copyX: w == width}
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
	p.firstRow = height
	for _, t := range p.rows {
		if n := len(t.weights); n > 0 {
			p.firstRow, p.endRow = min(p.firstRow, t.first), max(p.endRow, t.first+n)
		}
	}
	return p, nil
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

// run resizes along the rows into 8-bit lines, then along the columns into the
// planes.
func (p *fusedPlan) run(dst []float32, b Bytes, tables *[3][256]float32) {
	buffers, _ := p.scratch.Get().(*fusedBuffers)
	if buffers == nil {
		buffers = &fusedBuffers{
			lines: make([]uint8, 3*p.outWidth*max(0, p.endRow-p.firstRow)),
			sums:  make([]int32, 3*p.outWidth),
		}
	}
	defer p.scratch.Put(buffers)
	width := 3 * p.outWidth
	for y := p.firstRow; y < p.endRow; y++ {
		p.line(buffers.lines[(y-p.firstRow)*width:][:width], b.Pix[y*b.Stride:][:3*b.Width])
	}
	r, blue := 0, 2
	if b.BGR {
		r, blue = 2, 0
	}
	plane := p.outWidth * p.outHeight
	for y, t := range p.rows {
		sums := buffers.sums
		for i := range sums {
			sums[i] = rounding
		}
		for i, w := range t.weights {
			line := buffers.lines[(t.first+i-p.firstRow)*width:][:len(sums)]
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

type fusedBuffers struct {
	lines []uint8
	sums  []int32
}

// line resizes one row.
func (p *fusedPlan) line(out, in []uint8) {
	if p.copyX && len(p.columns) == len(in)/3 {
		copy(out, in)
		return
	}
	for x, t := range p.columns {
		r, g, b := int32(rounding), int32(rounding), int32(rounding)
		samples := in[3*t.first:][:3*len(t.weights)]
		for i, w := range t.weights {
			s := samples[3*i : 3*i+3 : 3*i+3]
			r += w * int32(s[0])
			g += w * int32(s[1])
			b += w * int32(s[2])
		}
		o := out[3*x : 3*x+3 : 3*x+3]
		o[0], o[1], o[2] = clip(r), clip(g), clip(b)
	}
}
