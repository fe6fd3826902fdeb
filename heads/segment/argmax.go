package segment

import (
	"context"
	"image"
	"runtime"
	"sync"
	"sync/atomic"

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
	a.columns = samples(a.width, dst.Rect.Dx())
	rows := samples(a.height, dst.Rect.Dy())
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(rows)) {
		group.Go(func() {
			mixed := make([]float32, a.classes*a.width)
			best := make([]float32, dst.Rect.Dx())
			for y := next.Add(1) - 1; y < int64(len(rows)) && ctx.Err() == nil; y = next.Add(1) - 1 {
				a.row(int(y), rows[y], mixed, best)
			}
		})
	}
	group.Wait()
	return ctx.Err()
}

// sample blends two neighbours.
type sample struct {
	a, b   int
	wa, wb float32
}

// samples is torch.nn.functional.interpolate's bilinear table for one axis.
func samples(in, out int) []sample {
	list := make([]sample, out)
	step := float32(in) / float32(out)
	for o := range list {
		at := max(0, step*(float32(o)+0.5)-0.5)
		i := min(int(at), in-1)
		w := at - float32(i)
		list[o] = sample{a: i, b: min(i+1, in-1), wa: 1 - w, wb: w}
	}
	return list
}

type argmaxer struct {
	dst                    *image.Paletted
	data                   []float32 // classes×height×width
	classes, height, width int
	columns                []sample
}

// row makes one row of the result; mixed and best are scratch.
func (a *argmaxer) row(y int, s sample, mixed, best []float32) {
	for c := range a.classes {
		plane := a.data[c*a.height*a.width:]
		top, bottom := plane[s.a*a.width:][:a.width], plane[s.b*a.width:][:a.width]
		line := mixed[c*a.width:][:a.width]
		for x, v := range top {
			line[x] = s.wa*v + s.wb*bottom[x]
		}
	}
	out := a.dst.Pix[y*a.dst.Stride:][:len(best)]
	for x, s := range a.columns {
		best[x], out[x] = s.wa*mixed[s.a]+s.wb*mixed[s.b], 0
	}
	for c := 1; c < a.classes; c++ {
		line := mixed[c*a.width:][:a.width]
		for x, s := range a.columns {
			if v := s.wa*line[s.a] + s.wb*line[s.b]; v > best[x] {
				best[x], out[x] = v, uint8(c)
			}
		}
	}
}
