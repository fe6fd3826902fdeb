package parallel

import (
	"iter"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDo(t *testing.T) {
	for _, c := range []struct{ workers, n int }{{1, 5}, {2, 1000}, {16, 3}, {4, 0}, {0, 0}} {
		done := make([]atomic.Int32, c.n)
		var running atomic.Int32
		Do(c.workers, c.n, func(tasks iter.Seq[int]) {
			running.Add(1)
			for i := range tasks {
				done[i].Add(1)
			}
		})
		for i := range done {
			assert.EqualValues(t, 1, done[i].Load(), "task %d of %d", i, c.n)
		}
		assert.LessOrEqual(t, int(running.Load()), min(c.workers, c.n))
	}
}

// A worker that stops leaves what remains to the others.
func TestDoStops(t *testing.T) {
	var taken atomic.Int32
	Do(1, 10, func(tasks iter.Seq[int]) {
		for i := range tasks {
			taken.Add(1)
			if i == 3 {
				break
			}
		}
	})
	assert.EqualValues(t, 4, taken.Load())
}
