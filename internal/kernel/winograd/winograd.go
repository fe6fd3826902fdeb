package winograd

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
	"github.com/vertebra-vision/vertebra/internal/kernel/transformed"
)

// winograd is the convolution.
type winograd struct {
	kernel.BlockedSpec
	transformed.Work
	group        tile.Groups
	scale, shift []float32
	f            F
	// The transforms.
	input, output kernel.Routine
	tiles         []outputTile // of an image
}

// newWinograd returns a kernel for which Packed is Pack's.
func newWinograd(s kernel.BlockedSpec, f F) kernel.Kernel {
	w := &winograd{BlockedSpec: s, f: f, input: table.Find(f.input(), s.ISA), output: table.Find(f.output(), s.ISA)}
	w.tiles = f.tiles(s.ConvSpec)
	w.group, _ = tile.Merge(s.ConvSpec)
	shape := tile.For(s.ConvSpec)
	w.Work = transformed.Work{
		Shape: shape, Weights: s.Packed, Items: len(w.tiles) * s.In.N, Area: f.area(),
		Blocks: kernel.BlocksOf(w.group.In), Panels: kernel.CeilDiv(s.Out.C, shape.Channels),
	}
	perBlock := transformed.TransformCost * float64(w.Area)
	w.Cut(transformed.Cutting{
		Workers: s.Workers, Items: w.mostV() / (w.Area * w.Blocks * kernel.Block),
		In: perBlock * float64(w.Blocks), Out: perBlock * float64(shape.Channels/kernel.Block),
	})
	w.scale = kernel.Padded(s.Scale, w.Panels*shape.Channels, 1)
	w.shift = kernel.Padded(s.Shift, w.Panels*shape.Channels, 0)
	return w
}

// V of a task stays in level-2 cache, tile.CachedFloats; but where the weights do not fit beside
// it, reading them again for the next chunk costs more than V from level-3
// cache.
const (
	largestV = 512 << 10 // floats
	cachedU  = 160 << 10
)

func (w *winograd) mostV() int {
	if w.Area*w.group.In*w.group.Out > cachedU {
		return largestV
	}
	return tile.CachedFloats
}

func (w *winograd) Name() string { return fmt.Sprintf("conv.winograd%d.%v", w.f, w.ISA) }

// Scratch is V of a chunk, M of a chunk and panel, and the transforms' own.
func (w *winograd) Scratch() int { return w.SizeV() + w.SizeM() + maxArea*kernel.Block }

func (w *winograd) Do(a *kernel.Args, task int, scratch []float32) {
	first, n, from, to := w.Span(task)
	v, m, own := scratch[:w.SizeV()], scratch[w.SizeV():][:w.SizeM()], scratch[w.SizeV()+w.SizeM():]
	have := -1 // the merged group that V is of
	for panel := from; panel < to; panel++ {
		if g := panel * w.Shape.Channels / w.group.Out; g != have && (w.Groups > 1 || have < 0) {
			w.transformInput(v, a.In[0], own, first, n, g)
			have = g
		}
		w.Multiply(m, v, panel, n)
		w.transformOutput(a, m, own, panel, first, n)
	}
}

// tileAt finds a tile of the batch.
func (w *winograd) tileAt(i int) (image int, t *outputTile) {
	return i / len(w.tiles), &w.tiles[i%len(w.tiles)]
}

// transformInput computes V of n tiles, for the channels of a merged group.
func (w *winograd) transformInput(v, in, own []float32, first, n, group int) {
	d := w.Dilation[0]
	t := args{
		pitch:   4 * d * w.InLayout.Pitch(w.In),
		pixel:   4 * d * kernel.Block,
		step:    4 * w.StepV(),
		scratch: kernel.Pointer(own, 0),
		ahead:   4 * w.InLayout.Plane(w.In),
	}
	for i := range n {
		image, o := w.tileAt(first + i)
		for b := range w.Blocks {
			t.in = kernel.Pointer(in, w.InLayout.At(w.In, image, group*w.Blocks+b, o.y-w.Padding[0], o.x-w.Padding[1]))
			t.out = kernel.Pointer(v, (b*w.Chunk+i)*kernel.Block)
			t.run(&w.input)
		}
	}
}

func (w *winograd) transformOutput(a *kernel.Args, m, own []float32, panel, first, n int) {
	d := w.Dilation[0]
	t := args{
		pitch:         4 * d * w.OutLayout.Pitch(w.Out),
		pixel:         4 * d * kernel.Block,
		step:          4 * w.StepM(),
		scratch:       kernel.Pointer(own, 0),
		residualPitch: 4 * d * w.ResidualLayout.Pitch(w.Out),
		act:           w.Act.Number(),
		slope:         w.Slope,
	}
	perPanel := w.Shape.Channels / kernel.Block
	for b := range min(perPanel, kernel.BlocksOf(w.Out.C)-panel*perPanel) {
		block := panel*perPanel + b
		t.scale, t.shift = kernel.Pointer(w.scale, block*kernel.Block), kernel.Pointer(w.shift, block*kernel.Block)
		for i := range n {
			image, o := w.tileAt(first + i)
			t.in = kernel.Pointer(m, (b*w.Chunk+i)*kernel.Block)
			t.out = kernel.Pointer(a.Out, w.OutLayout.At(w.Out, image, block, o.y, o.x))
			if w.Residual {
				t.residual = kernel.Pointer(a.In[1], w.ResidualLayout.At(w.Out, image, block, o.y, o.x))
			}
			t.rows, t.columns = o.rows, o.columns
			t.run(&w.output)
			if w.lastOfImage(first + i) {
				w.OutLayout.ClearHalo(a.Out, w.Out, image, block, 0, w.Out.H)
			}
		}
	}
}

// lastOfImage tells which task clears the halo.
func (w *winograd) lastOfImage(i int) bool { return i%len(w.tiles) == len(w.tiles)-1 }
