package kerneltest

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// outside is a kernel that reads a float beside its input.
type outside struct {
	kernel.NoScratch
	at int
}

func (outside) Name() string { return "outside" }
func (outside) Tasks() int   { return 1 }

func (k outside) Do(a *kernel.Args, _ int, _ []float32) {
	a.Out[0] = *(*float32)(unsafe.Add(unsafe.Pointer(&a.In[0][0]), 4*k.at))
}

// The guards show a kernel that reads one float too many, on either side.
func TestGuards(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("pages are protected on Linux")
	}
	for _, c := range []struct {
		before bool
		at     int
		faults bool
	}{{false, 0, false}, {false, 4, false}, {false, 5, true}, {true, 0, false}, {true, -1, true}} {
		m := NewMemory(t, c.before)
		fault := do(outside{at: c.at}, &kernel.Args{In: [][]float32{m.Take(5)}, Out: m.Take(1)}, 0, nil)
		assert.Equal(t, c.faults, fault != nil, "%+v: %v", c, fault)
	}
}

// What lies beside a map is seen.
func TestPlanarSeesTheHalo(t *testing.T) {
	d, l := kernel.Dims{N: 1, C: 3, H: 2, W: 2}, kernel.Layout{Blocked: true, Halo: 1}
	m := NewMemory(t, false)
	x := Laid(m, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, d, l)
	assert.Equal(t, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, Planar(t, x, d, l, ""))
	assert.Equal(t, float32(12), x[l.At(d, 0, 0, 1, 1)+2])
}
