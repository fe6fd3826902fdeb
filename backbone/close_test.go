package backbone

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// After Close every call that needs the weights says so; what describes the
// network still works.
func TestClosedNetwork(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 32, 32)
	sd, err := n.StateDict()
	require.NoError(t, err)
	_, err = n.Forward(ctx, x)
	require.NoError(t, err)
	require.NoError(t, n.Close())
	require.NoError(t, n.Close(), "closing twice")

	calls := map[string]func() error{
		"Forward":   func() error { _, err := n.Forward(ctx, x); return err },
		"Features":  func() error { _, err := n.Features(ctx, x, C2); return err },
		"Run":       func() error { _, err := n.Run(ctx, x, "layer1"); return err },
		"Load":      func() error { return n.Load(sd) },
		"StateDict": func() error { _, err := n.StateDict(); return err },
		"Plan":      func() error { _, err := n.Plan(x.Shape()); return err },
		"Hook": func() error {
			_, err := n.Hook("layer1", func(context.Context, *Activation) error { return nil })
			return err
		},
	}
	for name, call := range calls {
		assert.ErrorIs(t, call(), ErrClosed, name)
	}
	_, err = n.Summary(x.Shape()...)
	assert.NoError(t, err)
	assert.NotEmpty(t, n.Nodes())
}

// Close beside runs: each gives the bits that it gives alone, or says that the
// network is closed; none gives anything else, and no goroutine stays.
func TestCloseBesideRuns(t *testing.T) {
	x := input(t, 1, 3, 40, 56)
	want, err := small(t).Forward(ctx, x)
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	for round := range 6 {
		n := small(t, WithThreads(1+round%3))
		var done, closed atomic.Int32
		var callers sync.WaitGroup
		for range 6 {
			callers.Go(func() {
				for {
					got, err := n.Forward(ctx, x)
					if err != nil {
						assert.ErrorIs(t, err, ErrClosed)
						closed.Add(1)
						return
					}
					assert.Equal(t, want.Data(), got.Data())
					done.Add(1)
				}
			})
		}
		if round > 0 {
			require.Eventually(t, func() bool { return done.Load() > int32(round) }, 20*time.Second, 100*time.Microsecond)
		}
		for range 3 {
			callers.Go(func() { assert.NoError(t, n.Close()) })
		}
		callers.Wait()
		assert.EqualValues(t, 6, closed.Load(), "every caller learns of it")
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
}

// A hook may close the network that it is called from; the run ends well.
func TestCloseFromAHook(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 32, 32)
	want, err := n.Forward(ctx, x)
	require.NoError(t, err)
	_, err = n.Hook("layer2", func(context.Context, *Activation) error { return n.Close() })
	require.NoError(t, err)
	got, err := n.Forward(ctx, x)
	require.NoError(t, err)
	assert.InDeltaSlice(t, want.Data(), got.Data(), 1e-5)
	_, err = n.Forward(ctx, x)
	assert.ErrorIs(t, err, ErrClosed)
}

// What Close lets go of is garbage although the network is still referred to:
// at least the weights, and their packed form where kernels have one.
func TestCloseReleasesTheWeights(t *testing.T) {
	c := ResNet18()
	c.WidthMultiplier = 0.5
	n, x := newNet(t, c), input(t, 1, 3, 32, 32)
	_, err := n.Forward(ctx, x)
	require.NoError(t, err)
	before := heap()
	require.NoError(t, n.Close())
	least := 4 * n.NumParams()
	if kernel.Blocked() {
		least *= 2
	}
	assert.GreaterOrEqual(t, before-heap(), least)
	runtime.KeepAlive(n)
}

// heap is the bytes of what is not garbage.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// An extension whose weights are its own survives the backbone; one that had
// yet to take them over says why it cannot.
func TestCloseOfAnExtendedNetwork(t *testing.T) {
	x := input(t, 1, 3, 32, 32)
	extend := func(n *Network) *Network {
		e, err := n.Extend(Extension{Name: "nothing", Build: func(*Builder) error { return nil }})
		require.NoError(t, err)
		return e
	}
	n := small(t)
	early, late := extend(n), extend(n)
	want, err := early.Forward(ctx, x)
	require.NoError(t, err)
	require.NoError(t, n.Close())
	got, err := early.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, want.Data(), got.Data())
	_, err = late.Forward(ctx, x)
	require.ErrorIs(t, err, ErrClosed)
	assert.ErrorContains(t, err, "conv1.weight")
	sd, err := early.StateDict()
	require.NoError(t, err)
	require.NoError(t, late.Load(sd), "a checkpoint has all that it needs")
	got, err = late.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, want.Data(), got.Data())
}
