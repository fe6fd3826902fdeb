package kernel

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The loop must do the multiply-adds that Peak says it does.
func TestPeakLoopCounts(t *testing.T) {
	for isa := Generic; isa <= best(); isa++ {
		for _, rounds := range []int{1, 7, 100_000} {
			want := float64(rounds * peakSums * peakLanes(isa))
			assert.InEpsilon(t, want, peakLoop(isa, rounds), 1e-6, "%v, %d rounds", isa, rounds)
		}
	}
}

func TestPeak(t *testing.T) {
	previous := Active()
	defer func() { _ = Use(previous) }()
	peaks := map[ISA]float64{}
	for isa := Generic; isa <= best(); isa++ {
		assert.NoError(t, Use(isa))
		peaks[isa] = Peak(1)
		t.Logf("%v: %.1f GFLOP/s on 1 thread, %.1f on 2", isa, peaks[isa], Peak(2))
		assert.Greater(t, peaks[isa], 0.1)
	}
	if best() >= AVX2 {
		assert.Greater(t, peaks[AVX2], 2*peaks[Generic], fmt.Sprint(peaks))
	}
}
