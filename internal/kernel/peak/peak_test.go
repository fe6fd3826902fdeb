package peak

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// The loop must do the multiply-adds that Measure says it does.
func TestLoopCounts(t *testing.T) {
	for isa := kernel.Generic; isa <= kernel.Best(); isa++ {
		for _, rounds := range []int{1, 7, 100_000} {
			want := float64(rounds * sums * lanes(isa))
			assert.InEpsilon(t, want, loop(isa, rounds), 1e-6, "%v, %d rounds", isa, rounds)
		}
	}
}

func TestMeasure(t *testing.T) {
	previous := kernel.Active()
	defer func() { _ = kernel.Use(previous) }()
	peaks := map[kernel.ISA]float64{}
	for isa := kernel.Generic; isa <= kernel.Best(); isa++ {
		assert.NoError(t, kernel.Use(isa))
		peaks[isa] = Measure(1)
		t.Logf("%v: %.1f GFLOP/s on 1 thread, %.1f on 2", isa, peaks[isa], Measure(2))
		assert.Greater(t, peaks[isa], 0.1)
	}
	if kernel.Best() >= kernel.AVX2 {
		assert.Greater(t, peaks[kernel.AVX2], 2*peaks[kernel.Generic], fmt.Sprint(peaks))
	}
}
