package kernel

// Kernel computes one operator. It is immutable, and safe to use from many
// goroutines with Args of their own.
type Kernel interface {
	// Name says which algorithm it is, for plans and profiles.
	Name() string
	// Tasks is the number of independent pieces of the work.
	Tasks() int
	// Scratch is the floats of scratch memory that each worker needs.
	Scratch() int
	// Do computes one piece. Every piece must be done once, in any order, on
	// any worker; scratch belongs to the worker during the call.
	Do(a *Args, task int, scratch []float32)
}

// Args are the buffers of one execution.
type Args struct {
	In  [][]float32
	Out []float32
	// Done tells long pieces of work to stop early; it may be nil.
	Done <-chan struct{}
}

// Cancelled reports whether nobody waits for the results any more.
func (a *Args) Cancelled() bool {
	select {
	case <-a.Done:
		return true
	default:
		return false
	}
}

// Dims are the extents of a map. A vector N×F is N×F×1×1.
type Dims struct{ N, C, H, W int }

// Plane is the number of pixels of a channel.
func (d Dims) Plane() int { return d.H * d.W }

// Len is the number of elements.
func (d Dims) Len() int { return d.N * d.C * d.H * d.W }

// NoScratch is embedded by kernels that need none.
type NoScratch struct{}

// Scratch implements Kernel.
func (NoScratch) Scratch() int { return 0 }

// grain is how many elements make a task of an elementwise kernel: small
// enough to balance two workers, large enough to hide the hand-over.
const grain = 1 << 14

// Pieces are things that are cut into tasks of some neighbours each. Kernels
// embed it.
type Pieces struct{ n, size int }

// Cut cuts n things of the given weight into tasks of about a grain.
func Cut(n, weight int) Pieces {
	return Pieces{n, min(n, max(1, grain/max(1, weight)))}
}

// Tasks implements Kernel.
func (p Pieces) Tasks() int { return CeilDiv(p.n, p.size) }

// Span is what a task has: things from … to-1.
func (p Pieces) Span(task int) (from, to int) {
	from = task * p.size
	return from, min(p.n, from+p.size)
}

// CeilDiv is a/b, rounded up.
func CeilDiv(a, b int) int { return (a + b - 1) / b }
