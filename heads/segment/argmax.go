package segment

import (
	"context"
	"image"
	"iter"
	"runtime"

	"github.com/vertebra-vision/vertebra/internal/kernel/resize"
	"github.com/vertebra-vision/vertebra/internal/parallel"
	"github.com/vertebra-vision/vertebra/ops"
)

// argmax sets each pixel to the class with the largest logit after bilinear
// interpolation with corners not aligned. It works row by row: of the resized
// logits there are never more than a row for each worker.
func argmax(ctx context.Context, dst *image.Paletted, logits *ops.Tensor, batch int) error {
	a := argmaxer{
		dst: dst, classes: logits.Dim(1), height: logits.Dim(2), width: logits.Dim(3),
		data: logits.Data()[batch*logits.Len()/logits.Dim(0):],
	}
	a.columns = resize.BilinearSamples(a.width, dst.Rect.Dx())
	rows := resize.BilinearSamples(a.height, dst.Rect.Dy())
	parallel.Do(runtime.GOMAXPROCS(0), len(rows), func(tasks iter.Seq[int]) {
		mixed := make([]float32, a.classes*a.width)
		best := make([]float32, dst.Rect.Dx())
		for y := range tasks {
			if ctx.Err() != nil {
				return
			}
			a.row(y, rows[y], mixed, best)
		}
	})
	return ctx.Err()
}

type argmaxer struct {
	dst                    *image.Paletted
	data                   []float32 // classes×height×width
	classes, height, width int
	columns                []resize.Sample
}

// row makes one row of the result; mixed and best are scratch.
func (a *argmaxer) row(y int, s resize.Sample, mixed, best []float32) {
	for c := range a.classes {
		plane := a.data[c*a.height*a.width:]
		top, bottom := plane[s.A*a.width:][:a.width], plane[s.B*a.width:][:a.width]
		line := mixed[c*a.width:][:a.width]
		for x, v := range top {
			line[x] = s.WA*v + s.WB*bottom[x]
		}
	}
	out := a.dst.Pix[y*a.dst.Stride:][:len(best)]
	for x, s := range a.columns {
		best[x], out[x] = s.WA*mixed[s.A]+s.WB*mixed[s.B], 0
	}
	for c := 1; c < a.classes; c++ {
		line := mixed[c*a.width:][:a.width]
		for x, s := range a.columns {
			if v := s.WA*line[s.A] + s.WB*line[s.B]; v > best[x] {
				best[x], out[x] = v, uint8(c)
			}
		}
	}
}
