package kernel

// Geometry is a convolution's or pool's window, height first.
type Geometry struct {
	Kernel, Stride, Padding, Dilation [2]int
}

// pointwise reports whether every output pixel reads the one input pixel at
// its place.
func (g Geometry) Pointwise() bool {
	return g.Kernel == [2]int{1, 1} && g.Stride == [2]int{1, 1} && g.Padding == [2]int{}
}

// ConvSpec describes a convolution.
type ConvSpec struct {
	In, Out Dims
	Geometry
	Groups int
	// Weight is [Out.C][In.C/Groups][kh][kw].
	Weight []float32
	Epilogue
}

// conv multiplies the weights with columns of input windows, a block of
// output channels by a stretch of output pixels at a time.
type conv struct {
	ConvSpec
	inGroup, outGroup int // channels per group
	depth             int // elements of a window: the sum's length
	rows, cols        int // of a task's block
	rowBlocks         int // per group
	colBlocks         int // per image
}

// NewConv returns a convolution kernel. It takes the input and, with
// Epilogue.Residual, the tensor to add; the output may lie on the latter.
func NewConv(s ConvSpec) Kernel {
	c := &conv{ConvSpec: s, inGroup: s.In.C / s.Groups, outGroup: s.Out.C / s.Groups}
	c.depth = c.inGroup * s.Kernel[0] * s.Kernel[1]
	c.rows = min(gemmRows, c.outGroup)
	c.cols = min(gemmCols, s.Out.Plane())
	c.rowBlocks = (c.outGroup + c.rows - 1) / c.rows
	c.colBlocks = (s.Out.Plane() + c.cols - 1) / c.cols
	return c
}

func (c *conv) Name() string {
	if c.Pointwise() {
		return "conv.gemm"
	}
	return "conv.im2col"
}

func (c *conv) Tasks() int { return c.In.N * c.Groups * c.rowBlocks * c.colBlocks }

func (c *conv) Scratch() int {
	sums := c.rows * c.cols
	if c.Pointwise() {
		return sums
	}
	return sums + c.depth*c.cols
}

func (c *conv) Do(a *Args, task int, scratch []float32) {
	colBlock := task % c.colBlocks
	task /= c.colBlocks
	row := task % c.rowBlocks * c.rows
	task /= c.rowBlocks
	group, image := task%c.Groups, task/c.Groups

	from := colBlock * c.cols
	cols := min(c.cols, c.Out.Plane()-from)
	rows := min(c.rows, c.outGroup-row)
	channel := group*c.outGroup + row

	sums := matrix(scratch[:rows*cols], rows, cols, cols)
	input := a.In[0][(image*c.In.C+group*c.inGroup)*c.In.Plane():]
	weight := matrix(c.Weight[channel*c.depth:(channel+rows)*c.depth], rows, c.depth, c.depth)
	if c.Pointwise() {
		plane := c.In.Plane()
		gemm(sums, weight, matrix(input[from:(c.depth-1)*plane+from+cols], c.depth, cols, plane))
	} else {
		window := scratch[c.rows*c.cols:][:c.depth*cols]
		c.im2col(window, input, from, cols)
		gemm(sums, weight, matrix(window, c.depth, cols, cols))
	}
	c.store(a, sums.Data, image, channel, from, rows, cols)
}

// store runs the epilogue from a task's sums into the output.
func (c *conv) store(a *Args, sums []float32, image, channel, from, rows, cols int) {
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
