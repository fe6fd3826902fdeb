package backbone

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/ops"
)

// tune returns what was measured.
func tune(t *testing.T, n *Network, input []int, nodes ...string) []Measurement {
	t.Helper()
	var list []Measurement
	require.NoError(t, n.Tune(ctx, TuneOptions{Input: input, Nodes: nodes, Report: func(m Measurement) { list = append(list, m) }}))
	return list
}

// A network that was tuned gives the results it gave before, also for other
// shapes; another one with its file measures nothing.
func TestTune(t *testing.T) {
	if !kernel.Blocked() {
		t.Skip("one algorithm only")
	}
	file := filepath.Join(t.TempDir(), "choices.json")
	n, x := small(t, WithTuning(file), WithThreads(2)), input(t, 2, 3, 64, 48)
	want, err := n.Forward(ctx, x)
	require.NoError(t, err)
	list := tune(t, n, x.Shape())
	require.NotEmpty(t, list)
	assert.NotEmpty(t, list[0].Node)
	got, err := n.Forward(ctx, x)
	require.NoError(t, err)
	assert.LessOrEqual(t, difference(want, got), 1e-5)

	again := small(t, WithTuning(file), WithThreads(2))
	assert.Empty(t, tune(t, again, x.Shape()))
	same, err := again.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, got.Data(), same.Data(), "the same algorithms, the same bits")
	assert.NotEmpty(t, tune(t, again, []int{1, 3, 40, 40}, "C3"), "another input is measured")
	extended, err := again.Extend(Extension{Name: "nothing", Build: func(*Builder) error { return nil }})
	require.NoError(t, err)
	assert.Empty(t, tune(t, extended, x.Shape(), "C5"), "extensions share the choices")
	assert.Empty(t, tune(t, small(t, WithTuning(file), WithoutWinograd()), x.Shape()), "nothing to choose")
}

// difference is relative to the largest magnitude.
func difference(want, got *ops.Tensor) float64 {
	var worst, largest float64
	for i, v := range want.Data() {
		largest = max(largest, float64(v), -float64(v))
		d := float64(v) - float64(got.Data()[i])
		worst = max(worst, d, -d)
	}
	return worst / largest
}

func TestTuneErrors(t *testing.T) {
	n := small(t)
	assert.ErrorIs(t, n.Tune(ctx, TuneOptions{Input: []int{1, 3, 32, 32}, Nodes: []string{"layer9"}}), ErrNode)
	assert.ErrorIs(t, n.Tune(ctx, TuneOptions{Input: []int{1, 4, 32, 32}}), ops.ErrShape)
	assert.ErrorIs(t, n.Tune(ctx, TuneOptions{}), ops.ErrShape)
	assert.ErrorIs(t, small(t, WithMemoryLimit(1000)).Tune(ctx, TuneOptions{Input: []int{1, 3, 32, 32}}), ErrMemory)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if kernel.Blocked() {
		assert.ErrorIs(t, n.Tune(gone, TuneOptions{Input: []int{1, 3, 32, 32}}), context.Canceled)
	}
	require.NoError(t, n.Close())
	assert.ErrorIs(t, n.Tune(ctx, TuneOptions{Input: []int{1, 3, 32, 32}}), ErrClosed)

	file := filepath.Join(t.TempDir(), "choices.json")
	require.NoError(t, os.WriteFile(file, []byte("PK\x03\x04"), 0o600))
	_, err := New(ResNet18(), WithTuning(file))
	require.ErrorIs(t, err, ErrTuning)
	assert.ErrorContains(t, err, file)
	_, err = New(ResNet18(), WithTuning(filepath.Join(file, "below a file.json")))
	assert.ErrorContains(t, err, "WithTuning")
}

// Numbers of threads and limits that cannot be are errors that say what can.
func TestBadRunOptions(t *testing.T) {
	for says, o := range map[string]Option{
		"WithThreads(0): want 1 to 1024":              WithThreads(0),
		"WithThreads(-3): want 1 to 1024":             WithThreads(-3),
		"WithThreads(10000): want 1 to 1024":          WithThreads(10_000),
		"WithMemoryLimit(0): want at least 1 byte":    WithMemoryLimit(0),
		"WithMemoryLimit(-100): want at least 1 byte": WithMemoryLimit(-100),
	} {
		_, err := New(ResNet18(), o)
		require.ErrorIs(t, err, ErrConfig)
		assert.ErrorContains(t, err, says)
	}
	n, x := small(t, WithThreads(1024)), input(t, 1, 3, 32, 32)
	want, err := small(t, WithThreads(1)).Forward(ctx, x)
	require.NoError(t, err)
	got, err := n.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, want.Data(), got.Data(), "the most threads, the same bits")
}
