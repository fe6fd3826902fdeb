package kernel

import "unsafe"

// blockedMaxPool pools 16 channels at a time.
type blockedMaxPool struct {
	NoScratch
	PoolSpec
	in, out Layout
	isa     ISA
	// columns are stretches of output columns whose windows have the same
	// columns inside the map.
	columns []poolSpan
}

// poolSpan is a stretch of outputs along one axis.
type poolSpan struct {
	from, to     int
	first, count int // of the window's inside, for the first output
}

// NewBlockedMaxPool returns a max pool between blocked layouts.
func NewBlockedMaxPool(s PoolSpec, in, out Layout) Kernel {
	k := &blockedMaxPool{PoolSpec: s, in: in, out: out, isa: active}
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

func (k *blockedMaxPool) Name() string { return "maxpool." + k.isa.String() }
func (k *blockedMaxPool) Tasks() int   { return k.In.N * BlocksOf(k.In.C) }

func (k *blockedMaxPool) Do(a *Args, task int, _ []float32) {
	image, block := task/BlocksOf(k.In.C), task%BlocksOf(k.In.C)
	var offsets [64]int
	for y := range k.Out.H {
		first, rows := k.clipped(0, y, k.In.H)
		for _, span := range k.columns {
			p := poolArgs{
				in:      Pointer(a.In[0], k.in.At(k.In, image, block, first, span.first)),
				offsets: unsafe.Pointer(&offsets[0]),
				taps:    k.taps(offsets[:], rows, span.count),
				stride:  4 * Block * k.Stride[1],
				out:     Pointer(a.Out, k.out.At(k.Out, image, block, y, span.from)),
				pixels:  span.to - span.from,
			}
			maxPoolRow(k.isa, &p)
		}
	}
	k.out.ClearHalo(a.Out, k.Out, image, block, 0, k.Out.H)
}

// taps lists the offsets of the taps of a window's inside.
func (k *blockedMaxPool) taps(offsets []int, rows, columns int) int {
	n := 0
	for y := range rows {
		for x := range columns {
			offsets[n] = 4 * (y*k.Dilation[0]*k.in.Pitch(k.In) + x*k.Dilation[1]*Block)
			n++
		}
	}
	return n
}

// CanBlockPool reports whether NewBlockedMaxPool serves for a window.
func CanBlockPool(g Geometry) bool { return Blocked() && g.Kernel[0]*g.Kernel[1] <= 64 }

// blockedAdaptive averages a blocked map into a planar one.
type blockedAdaptive struct {
	NoScratch
	isa     ISA
	in, out Dims
	layout  Layout
}

// NewBlockedAdaptiveAvgPool returns an adaptive average pool from a blocked
// layout to a planar one: what comes before a classifier.
func NewBlockedAdaptiveAvgPool(in, out Dims, layout Layout) Kernel {
	return &blockedAdaptive{isa: active, in: in, out: out, layout: layout}
}

func (k *blockedAdaptive) Name() string { return "adaptiveavgpool." + k.isa.String() }
func (k *blockedAdaptive) Tasks() int   { return k.in.N * BlocksOf(k.in.C) }

func (k *blockedAdaptive) Do(a *Args, task int, _ []float32) {
	image, block := task/BlocksOf(k.in.C), task%BlocksOf(k.in.C)
	for oy := range k.out.H {
		y, ny := adaptiveSpan(oy, k.in.H, k.out.H)
		for ox := range k.out.W {
			x, nx := adaptiveSpan(ox, k.in.W, k.out.W)
			sum := k.sum(a.In[0], image, block, y, x, ny, nx)
			for c := range min(Block, k.in.C-block*Block) {
				at := (image*k.in.C+block*Block+c)*k.out.Plane() + oy*k.out.W + ox
				a.Out[at] = sum[c] / float32(ny*nx)
			}
		}
	}
}

// sum adds up a rectangle of pixels, a channel each.
func (k *blockedAdaptive) sum(in []float32, image, block, y, x, ny, nx int) (sum [Block]float32) {
	var zero, row, squares [Block]float32
	m := momentArgs{
		pixels: nx, centre: unsafe.Pointer(&zero), sum: unsafe.Pointer(&row), squares: unsafe.Pointer(&squares),
	}
	if k.layout == (Layout{Blocked: true}) && nx == k.in.W {
		m.pixels, ny = ny*nx, 1 // one long row
	}
	for ky := range ny {
		m.in = Pointer(in, k.layout.At(k.in, image, block, y+ky, x))
		momentsRow(k.isa, &m)
		for c := range sum {
			sum[c] += row[c]
		}
	}
	return sum
}
