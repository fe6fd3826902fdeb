package kernel

// Algorithm is how a convolution to a blocked map is computed: a value of its
// room that can be compared. All that it says depends on its arguments alone.
type Algorithm interface {
	// Name is what packings and files call it.
	Name() string
	// Applies reports whether it computes a convolution with an input in the given
	// layout.
	Applies(s ConvSpec, in Layout) bool
	// Cost models its time, in multiplications of vectors of a block. It is
	// infinite where nobody measured, and only tuning may choose it.
	Cost(s ConvSpec) float64
	// Growth is how much larger the weights are as it reads them.
	Growth(s ConvSpec) float64
	// Extra is how far beyond its halo it reads its input, on the right and the
	// bottom.
	Extra(s ConvSpec, halo int) int
	// Format names the packing of the weights, so that plans which need the same
	// share it.
	Format(s ConvSpec, in Layout) string
	// Pack lays out the weights as it reads them, in memory that take gives,
	// zeroed.
	Pack(s ConvSpec, in Layout, take func(n int) []float32) []float32
	// New returns the kernel of a convolution whose Packed is Pack's. It takes the
	// input and, with Epilogue.Residual, the tensor to add; the output may lie on
	// the latter where their layouts are the same.
	New(s BlockedSpec) Kernel
}
