package kernel

// Geometry is a convolution's or pool's window, height first.
type Geometry struct {
	Kernel, Stride, Padding, Dilation [2]int
}

// Pointwise reports whether every output pixel reads the one input pixel at
// its place.
func (g Geometry) Pointwise() bool {
	return g.Kernel == [2]int{1, 1} && g.Stride == [2]int{1, 1} && g.Padding == [2]int{}
}

// ConvSpec describes a convolution, and what it is computed with.
type ConvSpec struct {
	In, Out Dims
	Geometry
	Groups int
	// Weight is [Out.C][In.C/Groups][kh][kw].
	Weight []float32
	Epilogue
	// ISA is the instruction set that algorithms are chosen and made for. Portable
	// kernels do not ask.
	ISA ISA
}

// BlockedSpec describes a convolution to a blocked output.
type BlockedSpec struct {
	ConvSpec
	// InLayout is blocked with a halo no smaller than the padding, or planar.
	InLayout, OutLayout, ResidualLayout Layout
	// Packed is Algorithm.Pack's.
	Packed []float32
	// Workers is how many goroutines will share the tasks.
	Workers int
}

// IsFlat reports whether a convolution is pointwise between maps without halos,
// whose rows follow each other.
func (s *BlockedSpec) IsFlat() bool {
	plain := Layout{Blocked: true}
	return s.Pointwise() && s.InLayout == plain && s.OutLayout == plain && (!s.Residual || s.ResidualLayout == plain)
}

// Flatten makes one long row of the maps of a flat convolution, so that tiles
// need not end with the rows.
func (s *BlockedSpec) Flatten() {
	s.In.H, s.In.W = 1, s.In.Plane()
	s.Out.H, s.Out.W = 1, s.Out.Plane()
}
