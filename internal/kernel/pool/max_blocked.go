package pool

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// maxRow is the name of the routine.
const maxRow = "maxRow"

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }

// maxArgs are the arguments of the assembly that pools a row of pixels. The
// generator knows the offsets of the fields.
type maxArgs struct {
	in      unsafe.Pointer // where the first window begins
	offsets unsafe.Pointer // bytes from there to each tap
	taps    int
	stride  int // bytes from one window to the next
	out     unsafe.Pointer
	pixels  int
}

// blockedMax pools 16 channels at a time.
type blockedMax struct {
	kernel.NoScratch
	Spec
	in, out kernel.Layout
	row     kernel.Routine
	// columns are stretches of output columns whose windows have the same
	// columns inside the map.
	columns []poolSpan
}

// poolSpan is a stretch of outputs along one axis.
type poolSpan struct {
	from, to     int
	first, count int // of the window's inside, for the first output
}

// NewBlockedMax returns a max pool between blocked layouts.
func NewBlockedMax(s Spec, in, out kernel.Layout) kernel.Kernel {
	k := &blockedMax{Spec: s, in: in, out: out, row: table.Find(maxRow, kernel.Active())}
	for x := range s.Out.W {
		first, count := k.clipped(1, x, s.In.W)
		if n := len(k.columns); n > 0 {
			last := &k.columns[n-1]
			if last.count == count && last.first+(x-last.from)*s.Stride[1] == first {
				last.to = x + 1
				continue
			}
		}
		k.columns = append(k.columns, poolSpan{x, x + 1, first, count})
	}
	return k
}

func (k *blockedMax) Name() string { return "maxpool." + k.row.ISA.String() }
func (k *blockedMax) Tasks() int   { return k.In.N * kernel.BlocksOf(k.In.C) }

func (k *blockedMax) Do(a *kernel.Args, task int, _ []float32) {
	image, block := task/kernel.BlocksOf(k.In.C), task%kernel.BlocksOf(k.In.C)
	var offsets [64]int
	for y := range k.Out.H {
		first, rows := k.clipped(0, y, k.In.H)
		for _, span := range k.columns {
			p := maxArgs{
				in:      kernel.Pointer(a.In[0], k.in.At(k.In, image, block, first, span.first)),
				offsets: unsafe.Pointer(&offsets[0]),
				taps:    k.taps(offsets[:], rows, span.count),
				stride:  4 * kernel.Block * k.Stride[1],
				out:     kernel.Pointer(a.Out, k.out.At(k.Out, image, block, y, span.from)),
				pixels:  span.to - span.from,
			}
			kernel.Call(k.row.Code, &p)
		}
	}
	k.out.ClearHalo(a.Out, k.Out, image, block, 0, k.Out.H)
}

// taps lists the offsets of the taps of a window's inside.
func (k *blockedMax) taps(offsets []int, rows, columns int) int {
	n := 0
	for y := range rows {
		for x := range columns {
			offsets[n] = 4 * (y*k.Dilation[0]*k.in.Pitch(k.In) + x*k.Dilation[1]*kernel.Block)
			n++
		}
	}
	return n
}

// CanBlock reports whether NewBlockedMax serves for a window.
func CanBlock(g kernel.Geometry) bool { return kernel.Blocked() && g.Kernel[0]*g.Kernel[1] <= 64 }
