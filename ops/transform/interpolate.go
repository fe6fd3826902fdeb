package transform

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/kernel/resize"
	"github.com/vertebra-vision/vertebra/ops"
)

// Interpolate normalises the image, (x/255 - mean) / std, and resizes it to
// width×height as torch.nn.functional.interpolate does: bilinear, not
// antialiased, in floating point. Each pixel goes from its byte straight to the
// top left corner of the planes of x, 1×3×H×W; the rest of x keeps what it has.
// Errors wrap ErrImage or ops.ErrShape.
func (b Bytes) Interpolate(x *ops.Tensor, width, height int, mean, std [3]float32) error {
	if err := b.check(); err != nil {
		return err
	}
	if x == nil || x.Rank() != 4 || x.Dim(0) != 1 || x.Dim(1) != 3 || width < 1 || height < 1 || x.Dim(2) < height || x.Dim(3) < width {
		return errors.Wrapf(ops.ErrShape, "the output is %v, want 1×3×H×W that holds %dx%d pixels", x, width, height)
	}
	in := interpolation{Bytes: b, columns: resize.BilinearSamples(b.Width, width), tables: Classification{Mean: mean, Std: std}.tables()}
	top, bottom := &line{y: -1, data: make([]float32, 3*width)}, &line{y: -1, data: make([]float32, 3*width)}
	rows, plane := x.Dim(3), x.Dim(2)*x.Dim(3)
	for y, s := range resize.BilinearSamples(b.Height, height) {
		if bottom.y == s.A {
			top, bottom = bottom, top // rows come in order: the lower becomes the upper
		}
		in.blend(top, s.A)
		in.blend(bottom, s.B)
		for ch := range 3 {
			out := x.Data()[ch*plane+y*rows:][:width]
			upper, lower := top.data[ch*width:][:width], bottom.data[ch*width:][:width]
			for i := range out {
				out[i] = s.WA*upper[i] + s.WB*lower[i]
			}
		}
	}
	return nil
}

// interpolation is an image that is being resized.
type interpolation struct {
	Bytes
	columns []resize.Sample
	tables  [3][256]float32
}

// line is a row of the image, normalised and resized along its length, red,
// green and blue one after the other.
type line struct {
	y    int
	data []float32
}

// blend makes a line of row y, unless it is that already.
func (in *interpolation) blend(l *line, y int) {
	if l.y == y {
		return
	}
	l.y = y
	n := len(in.columns)
	pix := in.Pix[y*in.Stride:][:3*in.Width]
	for ch := range 3 {
		table, out, at := &in.tables[ch], l.data[ch*n:][:n], ch
		if in.BGR {
			at = 2 - ch
		}
		for x, s := range in.columns {
			out[x] = s.WA*table[pix[3*s.A+at]] + s.WB*table[pix[3*s.B+at]]
		}
	}
}
