package tile

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// alone runs a row of the table on a line of pixels, in the cache.
type alone struct {
	kernel.NoScratch
	*Tile
	pixels  int
	offsets []int
	weights []float32
	affine  []float32
}

// aloneTaps is enough that the epilogue is little.
const aloneTaps = 144

func newAlone(t *Tile, pixels int) *alone {
	k := &alone{Tile: t, pixels: pixels, weights: kernel.Aligned(aloneTaps * t.Step * t.Channels), affine: kernel.Aligned(t.Channels)}
	for i := range aloneTaps {
		k.offsets = append(k.offsets, 4*kernel.Block*(i%9))
	}
	k.offsets = WithAhead(k.offsets, 0)
	return k
}

func (k *alone) Name() string { return fmt.Sprintf(k.Tile.Name, k.pixels) }
func (k *alone) Tasks() int   { return 1 }

func (k *alone) Do(a *kernel.Args, _ int, _ []float32) {
	half := min(k.pixels-1, k.Half) * kernel.Block
	t := Args{
		In0: kernel.Pointer(a.In[0], 0), In1: kernel.Pointer(a.In[0], half), Out0: kernel.Pointer(a.Out, 0), Out1: kernel.Pointer(a.Out, half),
		Offsets: unsafe.Pointer(&k.offsets[0]), Taps: aloneTaps, Stride: 4 * kernel.Block, OutPixel: 4 * kernel.Block,
		OutBlock: 4 * kernel.Block * k.Pixels, Scale: kernel.Pointer(k.affine, 0), Shift: kernel.Pointer(k.affine, 0),
	}
	t.Use(k.weights, 0, len(k.weights))
	k.Run(&t, Run{Pixels: k.pixels, Count: 1, Rows: 1})
}

// Every row of the table, with as many pixels as it takes and with one.
func BenchmarkTile(b *testing.B) {
	for i := range table {
		t := &table[i]
		if t.ISA > kernel.Best() {
			continue
		}
		for _, pixels := range []int{t.Pixels, 1} {
			k := newAlone(t, pixels)
			b.Run(k.Name(), func(b *testing.B) {
				floats := kernel.Block * (t.Pixels + 16)
				kerneltest.Benchmark(b, k, pixels*t.Channels*aloneTaps*t.Step, 2*floats, floats)
			})
		}
	}
}
