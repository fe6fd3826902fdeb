package linear

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/gemm"
)

// Spec describes a fully connected layer on Batch rows.
type Spec struct {
	Batch, In, Out int
	// Weight is [Out][In].
	Weight []float32
	kernel.Epilogue
	// ISA is the instruction set that kernels are chosen and made for.
	ISA kernel.ISA
}

type portable struct{ Spec }

// New returns a fully connected kernel in portable Go. Its epilogue takes no
// residual.
func New(s Spec) kernel.Kernel { return &portable{s} }

func (l *portable) Name() string { return "linear.gemm" }

// The batch is cut as well as the outputs so that gonum stays serial.
func (l *portable) Tasks() int { return l.outBlocks() * l.batchBlocks() }

func (l *portable) outBlocks() int   { return kernel.CeilDiv(l.Out, gemm.Rows) }
func (l *portable) batchBlocks() int { return kernel.CeilDiv(l.Batch, gemm.Cols) }

func (l *portable) Scratch() int { return gemm.Rows * min(gemm.Cols, l.Batch) }

func (l *portable) Do(a *kernel.Args, task int, scratch []float32) {
	first := task % l.outBlocks() * gemm.Rows
	row := task / l.outBlocks() * gemm.Cols
	outs, rows := min(gemm.Rows, l.Out-first), min(gemm.Cols, l.Batch-row)

	sums := gemm.Matrix(scratch[:rows*outs], rows, outs, outs)
	gemm.MultiplyTransposed(sums,
		gemm.Matrix(a.In[0][row*l.In:(row+rows)*l.In], rows, l.In, l.In),
		gemm.Matrix(l.Weight[first*l.In:(first+outs)*l.In], outs, l.In, l.In))
	for r := range rows {
		for o := range outs {
			at := (row+r)*l.Out + first + o
			l.Apply(a.Out[at:at+1], sums.Data[r*outs+o:r*outs+o+1], first+o, nil)
		}
	}
}
