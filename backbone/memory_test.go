package backbone

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// What a network holds is nothing before its first use and after Close, and
// between runs the weights, their packed forms and an arena.
func TestMemoryUse(t *testing.T) {
	n, x := small(t, WithThreads(1)), input(t, 1, 3, 64, 64)
	assert.Zero(t, n.MemoryUse())
	_, err := n.Forward(ctx, x)
	require.NoError(t, err)
	p, err := n.Plan(x.Shape())
	require.NoError(t, err)
	use, need := n.MemoryUse(), p.Memory()
	assert.Equal(t, 1, use.Plans)
	assert.Equal(t, use.Weights, need.Weights)
	assert.Equal(t, use.Packed, need.Packed)
	assert.Equal(t, p.ArenaBytes(), use.Arenas)
	assert.EqualValues(t, 4*10, need.Outputs)
	assert.Equal(t, kernel.Blocked(), use.Packed > 0)
	require.NoError(t, n.Close())
	assert.Zero(t, n.MemoryUse())
	assert.Equal(t, need.Arena, p.Memory().Arena, "a plan that somebody holds stays")
}

// A limit below the weights says so at the first run; one between two inputs'
// needs lets the smaller one through.
func TestMemoryLimitCountsWeights(t *testing.T) {
	n := small(t)
	p, err := n.Plan([]int{1, 3, 64, 64})
	require.NoError(t, err)
	need := p.Memory()
	_, err = small(t, WithMemoryLimit(need.Weights/2)).Forward(ctx, input(t, 1, 3, 64, 64))
	require.ErrorIs(t, err, ErrMemory)
	assert.ErrorContains(t, err, "the weights alone take")

	n = small(t, WithMemoryLimit(need.Total()+need.Arena))
	_, err = n.Forward(ctx, input(t, 1, 3, 64, 64))
	require.NoError(t, err)
	_, err = n.Forward(ctx, input(t, 1, 3, 256, 256))
	require.ErrorIs(t, err, ErrMemory)
	assert.ErrorContains(t, err, "1x3x256x256")
}
