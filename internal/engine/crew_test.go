package engine

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// counting is a kernel that counts how often each of its tasks is done.
type counting struct {
	done []atomic.Int32
}

func (c *counting) Name() string                             { return "counting" }
func (c *counting) Tasks() int                               { return len(c.done) }
func (c *counting) Scratch() int                             { return 0 }
func (c *counting) Do(_ *kernel.Args, task int, _ []float32) { c.done[task].Add(1) }

// Far more helpers than processors sleep, wake and are overtaken in every
// order; each task is done once all the same, and none after its step.
func TestCrewDoesEveryTaskOnce(t *testing.T) {
	runs := 60
	if testing.Short() {
		runs = 15
	}
	c := newCrew(96)
	for run := range runs {
		c.start(95)
		for _, tasks := range []int{1, 2, 97, 5, 300} {
			k := &counting{done: make([]atomic.Int32, tasks)}
			c.do(k, &kernel.Args{}, nil)
			for i := range k.done {
				require.EqualValues(t, 1, k.done[i].Load(), "run %d, task %d of %d", run, i, tasks)
			}
		}
		c.stop()
	}
}

// A publisher that was interrupted wakes a helper which has done the epoch's
// work already and sleeps.
func TestCrewSleepsOnWhenWokenLate(t *testing.T) {
	c := newCrew(2)
	c.start(1)
	defer c.stop()
	h := &c.helpers[0]
	for range 3 {
		k := &counting{done: make([]atomic.Int32, 2)}
		c.do(k, &kernel.Args{}, nil)
		require.Eventually(t, h.parked.Load, 5*time.Second, time.Millisecond)
		require.True(t, h.parked.CompareAndSwap(true, false))
		h.wake <- struct{}{}
		require.Eventually(t, h.parked.Load, 5*time.Second, time.Millisecond, "it sleeps again")
		require.Zero(t, c.busy.Load(), "it has nothing to report")
	}
}
