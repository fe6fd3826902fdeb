package engine

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// The owner takes tasks from the front and others from the end until they meet.
func TestShareIsTakenFromBothEnds(t *testing.T) {
	var s share
	s.set(3, 7)
	for _, c := range []struct {
		last bool
		want int
	}{{false, 3}, {true, 6}, {false, 4}, {true, 5}} {
		task, ok := s.take(c.last)
		assert.True(t, ok)
		assert.Equal(t, c.want, task)
	}
	for _, last := range []bool{false, true} {
		_, ok := s.take(last)
		assert.False(t, ok)
	}
}

// Whoever takes at the same time, each task is taken once.
func TestShareIsTakenOnce(t *testing.T) {
	var s share
	const tasks = 20_000
	s.set(0, tasks)
	taken := make([]atomic.Int32, tasks)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for {
				task, ok := s.take(i%2 == 1)
				if !ok {
					return
				}
				taken[task].Add(1)
			}
		})
	}
	wg.Wait()
	for i := range taken {
		assert.EqualValues(t, 1, taken[i].Load(), "task %d", i)
	}
}

// Workers begin each step with the same part of it, whatever the number of
// tasks: what one wrote in a step it reads in the next.
func TestCrewDealsByPlace(t *testing.T) {
	c := newCrew(3)
	c.hired = 2
	for _, tasks := range []int{3, 30, 300} {
		c.deal(tasks)
		for w := range 3 {
			task, ok := c.left[w].take(false)
			assert.True(t, ok)
			assert.Equal(t, w*tasks/3, task)
		}
	}
	c.hired = 0
	c.kernel, c.args = &counting{done: make([]atomic.Int32, 4)}, &kernel.Args{}
	c.deal(4)
	c.work(0)
	for i := range 4 {
		assert.EqualValues(t, 1, c.kernel.(*counting).done[i].Load())
	}
}
