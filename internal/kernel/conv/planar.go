package conv

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/gemm"
)

// planar multiplies the weights with columns of input windows, a block of
// output channels by a stretch of output pixels at a time.
type planar struct {
	kernel.ConvSpec
	inGroup, outGroup int // channels per group
	depth             int // elements of a window: the sum's length
	rows, cols        int // of a task's block
	rowBlocks         int // per group
	colBlocks         int // per image
}

// NewPlanar returns a convolution kernel. It takes the input and, with
// Epilogue.Residual, the tensor to add; the output may lie on the latter.
func NewPlanar(s kernel.ConvSpec) kernel.Kernel {
	c := &planar{ConvSpec: s, inGroup: s.In.C / s.Groups, outGroup: s.Out.C / s.Groups}
	c.depth = c.inGroup * s.Kernel[0] * s.Kernel[1]
	c.rows = min(gemm.Rows, c.outGroup)
	c.cols = min(gemm.Cols, s.Out.Plane())
	c.rowBlocks = kernel.CeilDiv(c.outGroup, c.rows)
	c.colBlocks = kernel.CeilDiv(s.Out.Plane(), c.cols)
	return c
}

func (c *planar) Name() string {
	if c.Pointwise() {
		return "conv.gemm"
	}
	return "conv.im2col"
}

func (c *planar) Tasks() int { return c.In.N * c.Groups * c.rowBlocks * c.colBlocks }

func (c *planar) Scratch() int {
	sums := c.rows * c.cols
	if c.Pointwise() {
		return sums
	}
	return sums + c.depth*c.cols
}

func (c *planar) Do(a *kernel.Args, task int, scratch []float32) {
	colBlock := task % c.colBlocks
	task /= c.colBlocks
	row := task % c.rowBlocks * c.rows
	task /= c.rowBlocks
	group, image := task%c.Groups, task/c.Groups

	from := colBlock * c.cols
	cols := min(c.cols, c.Out.Plane()-from)
	rows := min(c.rows, c.outGroup-row)
	channel := group*c.outGroup + row

	sums := gemm.Matrix(scratch[:rows*cols], rows, cols, cols)
	input := a.In[0][(image*c.In.C+group*c.inGroup)*c.In.Plane():]
	weight := gemm.Matrix(c.Weight[channel*c.depth:(channel+rows)*c.depth], rows, c.depth, c.depth)
	if c.Pointwise() {
		plane := c.In.Plane()
		gemm.Multiply(sums, weight, gemm.Matrix(input[from:(c.depth-1)*plane+from+cols], c.depth, cols, plane))
	} else {
		window := scratch[c.rows*c.cols:][:c.depth*cols]
		c.im2col(window, input, from, cols)
		gemm.Multiply(sums, weight, gemm.Matrix(window, c.depth, cols, cols))
	}
	c.store(a, sums.Data, image, channel, from, rows, cols)
}

// store runs the epilogue from a task's sums into the output.
func (c *planar) store(a *kernel.Args, sums []float32, image, channel, from, rows, cols int) {
	plane := c.Out.Plane()
	for r := range rows {
		at := (image*c.Out.C+channel+r)*plane + from
		var residual []float32
		if c.Residual {
			residual = a.In[1][at : at+cols]
		}
		c.Apply(a.Out[at:at+cols], sums[r*cols:(r+1)*cols], channel+r, residual)
	}
}
