package linear

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// rows is a fully connected layer on a few rows: each weight is read once,
// in the order of memory, and multiplied with the rows while it is in the
// cache. What limits it is how fast the weights come.
type rows struct {
	Spec
	dot kernel.Routine
	kernel.Pieces
}

// dotRows is how many weight rows the assembly multiplies at once, dotStep what
// it handles in a step.
const (
	dotRows = 4
	dotStep = 16
)

// dotArgs are those of out[r] = Σ x·w[r]; the generator knows the offsets.
type dotArgs struct {
	x, w   unsafe.Pointer
	pitch  int // bytes from weight row to weight row
	floats int // a multiple of dotStep
	out    unsafe.Pointer
}

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }

// newRows returns the kernel for blocked instruction sets.
func newRows(s Spec) kernel.Kernel {
	return &rows{Spec: s, dot: table.Find("dotRows4", s.ISA), Pieces: kernel.Cut(kernel.CeilDiv(s.Out, dotRows), dotRows*s.In)}
}

func (l *rows) Name() string { return "linear.rows." + l.dot.ISA.String() }
func (l *rows) Scratch() int { return dotRows }

func (l *rows) Do(a *kernel.Args, task int, scratch []float32) {
	from, to := l.Span(task)
	for group := from; group < to; group++ {
		for row := range l.Batch {
			l.products(scratch, a.In[0][row*l.In:][:l.In], group*dotRows)
			for r := range min(dotRows, l.Out-group*dotRows) {
				out := group*dotRows + r
				l.Apply(a.Out[row*l.Out+out:][:1], scratch[r:r+1], out, nil)
			}
		}
	}
}

// products computes sums[r] = Σ x·weight[first+r].
func (l *rows) products(sums, x []float32, first int) {
	n, wide := min(dotRows, l.Out-first), l.In/dotStep*dotStep
	clear(sums[:dotRows])
	switch {
	case wide == 0:
	case n == dotRows:
		kernel.Call(l.dot.Code, &dotArgs{kernel.Pointer(x, 0), kernel.Pointer(l.Weight, first*l.In), 4 * l.In, wide, kernel.Pointer(sums, 0)})
	default: // the last rows, one by one: there is nothing behind them
		for r := range n {
			var same [dotRows]float32
			kernel.Call(l.dot.Code, &dotArgs{kernel.Pointer(x, 0), kernel.Pointer(l.Weight, (first+r)*l.In), 0, wide, unsafe.Pointer(&same)})
			sums[r] = same[0]
		}
	}
	for r := range n {
		w := l.Weight[(first+r)*l.In:][:l.In]
		for i := wide; i < l.In; i++ {
			sums[r] += x[i] * w[i]
		}
	}
}
