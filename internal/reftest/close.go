package reftest

import (
	"fmt"
	"math"
	"testing"
)

// Tolerance is what every tensor is held to: the largest error, relative to
// the tensor's largest magnitude. Rounding alone gives some 1e-6.
const Tolerance = 1e-4

// Close fails the test unless got is, element for element, within tolerance
// of want, relative to want's largest magnitude. It returns the worst ratio.
func Close(t testing.TB, name string, got, want []float32, tolerance float64) float64 {
	t.Helper()
	return closeTo(t, name, got, want, AbsMax(want), tolerance)
}

// closeTo is Close relative to a magnitude that the caller knows.
func closeTo(t testing.TB, name string, got, want []float32, absMax, tolerance float64) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", name, len(got), len(want))
		return math.Inf(1)
	}
	worst, at := 0.0, 0
	for i := range want {
		if r := ratio(math.Abs(float64(got[i])-float64(want[i])), absMax); r > worst {
			worst, at = r, i
		}
	}
	if worst > tolerance {
		t.Errorf("%s: off by %.2g of the largest magnitude %.4g, tolerance %.2g; worst of %d at %d: %v, want %v",
			name, worst, absMax, tolerance, len(want), at, got[at], want[at])
	}
	return worst
}

// ratio is an error over a magnitude. NaN counts as an infinite error.
func ratio(err, absMax float64) float64 {
	switch {
	case err == 0:
		return 0
	case math.IsNaN(err) || absMax == 0:
		return math.Inf(1)
	}
	return err / absMax
}

// AbsMax is the largest magnitude; NaN if there is a NaN.
func AbsMax(values []float32) float64 {
	largest := 0.0
	for _, v := range values {
		largest = math.Max(largest, math.Abs(float64(v)))
	}
	return largest
}

// meanAbs is the mean magnitude.
func meanAbs(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		sum += math.Abs(float64(v))
	}
	return sum / float64(len(values))
}

// Worst keeps the largest of several ratios and where it was, for the report
// of a test.
type Worst struct {
	Ratio float64
	Where string
}

// Add takes one more ratio into account.
func (w *Worst) Add(where string, ratio float64) {
	if ratio >= w.Ratio {
		w.Ratio, w.Where = ratio, where
	}
}

// String is the ratio and where it was.
func (w *Worst) String() string { return fmt.Sprintf("worst error %.1e at %s", w.Ratio, w.Where) }
