package tile

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// Which groups have panels of their own depends on the instruction set alone, and
// not on the CPU that asks.
func TestNarrow(t *testing.T) {
	for isa := kernel.Generic; isa <= kernel.AVX512; isa++ {
		for i, g := range kerneltest.Groups {
			s := kerneltest.RandomGroups(rand.New(rand.NewPCG(3, uint64(i))), isa, g.In, g.Out, g.Groups)
			_, _, is := Narrow(s)
			assert.Equal(t, g.Narrow && isa == kernel.AVX2, is, "%v, %+v", isa, g)
			assert.True(t, !is || CanBlock(s))
		}
	}
}

// The order of the weights of narrow panels: each weight is in one place, and no
// two share one.
func TestMeet(t *testing.T) {
	for _, s := range []Shape{Fours, Eights} {
		seen := map[[2]int]bool{}
		for out := range s.Channels {
			for in := range Quad {
				row, lane := s.meet(out, in)
				assert.Less(t, row, Quad)
				assert.Less(t, lane, s.Channels)
				seen[[2]int{row, lane}] = true
			}
		}
		assert.Len(t, seen, s.Channels*Quad)
	}
}

// Runs cover a line with tiles of almost the same size.
func TestRuns(t *testing.T) {
	for _, s := range []Shape{Wide512, Narrow512, Wide256, Fours} {
		for width := 1; width < 100; width++ {
			covered := 0
			for _, r := range s.Runs(width) {
				covered += r.Pixels * r.Count
				assert.True(t, r.Count == 0 || r.Pixels > 0 && r.Pixels <= s.Pixels, "%+v of %d", r, width)
			}
			assert.Equal(t, width, covered)
		}
	}
}

// Each row has a function of each number of pixels, and no two the same shape
// and step.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for i := range table {
		row := &table[i]
		assert.Len(t, row.code, row.Pixels, row.Name)
		assert.Same(t, row, Find(row.Shape, row.Step), row.Name)
		assert.False(t, seen[row.Name], row.Name)
		seen[row.Name] = true
	}
	assert.Equal(t, kernel.Best() != kernel.Generic, len(table) > 0)
	assert.Nil(t, Find(Wide512, 3))
}
