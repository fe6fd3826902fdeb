package reftest

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// failures records a test's errors instead of failing it.
type failures struct {
	testing.TB
	messages []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.messages = append(f.messages, fmt.Sprintf(format, args...))
}

func TestClose(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name      string
		got, want []float32
		ratio     float64
		fails     bool
	}{
		{"equal", []float32{1, -2}, []float32{1, -2}, 0, false},
		{"relative to the largest", []float32{1.25, -200}, []float32{1, -200}, 0.00125, true},
		{"within", []float32{1, 4096}, []float32{1.25, 4096}, 0.25 / 4096, false},
		{"zeros", []float32{0, 0}, []float32{0, 0}, 0, false},
		{"not zero", []float32{0, 1e-30}, []float32{0, 0}, math.Inf(1), true},
		{"NaN", []float32{1, nan}, []float32{1, 1}, math.Inf(1), true},
		{"NaN wanted", []float32{1, 1}, []float32{1, nan}, math.Inf(1), true},
		{"too short", []float32{1}, []float32{1, 1}, math.Inf(1), true},
	} {
		f := &failures{TB: t}
		assert.Equal(t, c.ratio, Close(f, c.name, c.got, c.want, Tolerance), c.name)
		assert.Equal(t, c.fails, len(f.messages) > 0, "%s: %q", c.name, f.messages)
	}
}

func TestWorst(t *testing.T) {
	var w Worst
	w.Add("a", 1e-7)
	w.Add("b", 3e-6)
	w.Add("c", 2e-6)
	assert.Equal(t, "worst error 3.0e-06 at b", w.String())
}
