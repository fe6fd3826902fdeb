package kernel

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// One value that is no number shows wherever it stands; the largest and the
// smallest numbers are numbers.
func TestFinite(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 1023, 1024, 1025, 5000} {
		rng := rand.New(rand.NewPCG(uint64(n), 15))
		x := make([]float32, n+3)[3:] // aligned to nothing
		for i := range x {
			x[i] = []float32{math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Copysign(0, -1)), rng.Float32()}[rng.IntN(5)]
		}
		assert.True(t, Finite(x), "%d values", n)
		for range min(n, 200) {
			i := rng.IntN(n)
			own := x[i]
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				x[i] = float32(bad)
				assert.False(t, Finite(x), "%v at %d of %d", bad, i, n)
			}
			x[i] = own
		}
	}
}

func BenchmarkFinite(b *testing.B) {
	for _, n := range []int{3 * 224 * 224, 3 * 800 * 1333} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			x := make([]float32, n)
			b.SetBytes(int64(4 * n))
			for b.Loop() {
				if !Finite(x) {
					b.Fatal("they are")
				}
			}
		})
	}
}
