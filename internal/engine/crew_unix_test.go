//go:build unix

package engine

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// processTime is the time that this process has spent on processors.
func processTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// idleSoon reports whether the process soon spends a while without work: at once
// where nothing disturbs it, a little later where helpers, whose spinning takes
// longer under the race detector and on a busy machine, have yet to give up.
func idleSoon(t *testing.T) bool {
	t.Helper()
	const while = 300 * time.Millisecond
	for range 10 {
		before := processTime(t)
		time.Sleep(while)
		if processTime(t)-before < while/4 {
			return true
		}
	}
	return false
}

// Helpers that have nothing to do cost nothing: neither while a hook takes its
// time, nor between runs.
func TestIdleHelpersCostNoTime(t *testing.T) {
	g := residual()
	p, err := Compile(g, randomParams(g), graph.Shape{1, 4, 8, 8}, []*graph.Node{g.Node("pool")}, []Tap{{Node: g.Node("relu")}}, Options{Workers: 8})
	require.NoError(t, err)
	in, out := make([]float32, 256), [][]float32{make([]float32, 4)}
	err = p.Run(context.Background(), in, out, func(context.Context, int, Value) ([]float32, error) {
		assert.True(t, idleSoon(t), "during the hook")
		return nil, nil
	})
	require.NoError(t, err)
	assert.True(t, idleSoon(t), "after the run")
}
