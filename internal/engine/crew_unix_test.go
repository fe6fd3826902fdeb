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

// Helpers that have nothing to do cost nothing: neither while a hook takes its
// time, nor between runs.
func TestIdleHelpersCostNoTime(t *testing.T) {
	const idle = 300 * time.Millisecond
	g := residual()
	p, err := Compile(g, randomParams(g), graph.Shape{1, 4, 8, 8}, []*graph.Node{g.Node("pool")}, []Tap{{Node: g.Node("relu")}}, Options{Workers: 8})
	require.NoError(t, err)
	var inHook time.Duration
	in, out := make([]float32, 256), [][]float32{make([]float32, 4)}
	err = p.Run(context.Background(), in, out, func(context.Context, int, Value) ([]float32, error) {
		time.Sleep(idle / 3) // they give up in this time
		before := processTime(t)
		time.Sleep(idle)
		inHook = processTime(t) - before
		return nil, nil
	})
	require.NoError(t, err)
	assert.Less(t, inHook, idle/4, "during the hook")
	before := processTime(t)
	time.Sleep(idle)
	assert.Less(t, processTime(t)-before, idle/4, "after the run")
}
