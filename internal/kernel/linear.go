package kernel

// LinearSpec describes a fully connected layer on Batch rows.
type LinearSpec struct {
	Batch, In, Out int
	// Weight is [Out][In].
	Weight []float32
	Epilogue
}

type linear struct{ LinearSpec }

// NewLinear returns a fully connected kernel. Its epilogue takes no residual.
func NewLinear(s LinearSpec) Kernel {
	if Blocked() && s.Batch < tiledRows {
		return newRowLinear(s)
	}
	return &linear{s}
}

func (l *linear) Name() string { return "linear.gemm" }

// The batch is cut as well as the outputs so that gonum stays serial.
func (l *linear) Tasks() int { return l.outBlocks() * l.batchBlocks() }

func (l *linear) outBlocks() int   { return (l.Out + gemmRows - 1) / gemmRows }
func (l *linear) batchBlocks() int { return (l.Batch + gemmCols - 1) / gemmCols }

func (l *linear) Scratch() int { return gemmRows * min(gemmCols, l.Batch) }

func (l *linear) Do(a *Args, task int, scratch []float32) {
	first := task % l.outBlocks() * gemmRows
	row := task / l.outBlocks() * gemmCols
	outs, rows := min(gemmRows, l.Out-first), min(gemmCols, l.Batch-row)

	sums := matrix(scratch[:rows*outs], rows, outs, outs)
	gemmTransposed(sums,
		matrix(a.In[0][row*l.In:(row+rows)*l.In], rows, l.In, l.In),
		matrix(l.Weight[first*l.In:(first+outs)*l.In], outs, l.In, l.In))
	for r := range rows {
		for o := range outs {
			at := (row+r)*l.Out + first + o
			l.Apply(a.Out[at:at+1], sums.Data[r*outs+o:r*outs+o+1], first+o, nil)
		}
	}
}
