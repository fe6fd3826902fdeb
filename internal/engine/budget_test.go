package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func take(t *testing.T, b *Budget, least, most int) int {
	n, err := b.take(context.Background(), least, most)
	require.NoError(t, err)
	return n
}

func TestBudgetGivesWhatIsFree(t *testing.T) {
	b := NewBudget(3)
	assert.Equal(t, 2, take(t, b, 1, 2))
	assert.Equal(t, 1, take(t, b, 1, 5), "what is left")
	b.give(2)
	b.give(1)
	assert.Equal(t, 3, take(t, b, 1, 5))
	var none *Budget
	assert.Equal(t, 5, take(t, none, 1, 5), "no bound")
	none.give(5)
}

// Runs begin in the order in which they came, also where a later one would be
// content with less.
func TestBudgetKeepsTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(2)
		first := take(t, b, 1, 2)
		var order []int
		var wait sync.WaitGroup
		for i, least := range []int{2, 1, 2, 1} {
			wait.Go(func() {
				n := take(t, b, least, 2)
				order = append(order, i) // the others wait
				b.give(n)
			})
			synctest.Wait()
		}
		b.give(first - 1)
		synctest.Wait()
		assert.Empty(t, order, "the first in line wants both")
		b.give(1)
		wait.Wait()
		assert.Equal(t, []int{0, 1, 2, 3}, order)
	})
}

// Who gives up leaves the line to the others, and returns what it got too late.
func TestBudgetLeavingTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(1)
		held := take(t, b, 1, 1)
		ctx, cancel := context.WithCancel(context.Background())
		var served atomic.Bool
		go func() {
			n, err := b.take(ctx, 1, 1)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Zero(t, n)
		}()
		synctest.Wait()
		go func() {
			b.give(take(t, b, 1, 1))
			served.Store(true)
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		assert.False(t, served.Load())
		b.give(held)
		synctest.Wait()
		assert.True(t, served.Load())
		assert.Equal(t, 1, b.free)
	})
}

// Whatever ends the waiting, no thread is lost and none is made.
func TestBudgetUnderPressure(t *testing.T) {
	b := NewBudget(3)
	var used atomic.Int64
	var wait sync.WaitGroup
	for i := range 32 {
		wait.Go(func() {
			for j := range 200 {
				ctx, cancel := context.WithCancel(context.Background())
				if (i+j)%3 == 0 {
					go cancel()
				}
				n, err := b.take(ctx, 1+j%2, 1+i%3)
				if err == nil {
					assert.LessOrEqual(t, used.Add(int64(n)), int64(3))
					used.Add(-int64(n))
					b.give(n)
				}
				cancel()
			}
		})
	}
	wait.Wait()
	assert.Equal(t, 3, b.free)
	assert.Zero(t, b.line.Len())
}
