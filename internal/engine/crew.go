package engine

import (
	"runtime"
	"sync/atomic"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// crew is the goroutines that share the tasks of a run's steps. A step takes
// tens of microseconds, too few to wake a parked goroutine for; so between
// steps the helpers spin for a while before they park. They live as long as
// the run does: an idle model has none.
type crew struct {
	helpers []helper
	hired   int // helpers of this run

	// The step under way. The epoch's increment publishes these fields.
	kernel  kernel.Kernel
	args    *kernel.Args
	scratch []float32
	quit    bool

	epoch atomic.Uint32
	left  []share      // each worker's
	busy  atomic.Int32 // helpers that have not finished
}

// helper is one goroutine beside the caller's.
type helper struct {
	run    func() // made once, so that starting it allocates nothing
	parked atomic.Bool
	wake   chan struct{}
}

// newCrew makes a crew of up to n goroutines, the caller's included.
func newCrew(n int) *crew {
	c := &crew{helpers: make([]helper, n-1), left: make([]share, n)}
	for i := range c.helpers {
		h := &c.helpers[i]
		h.wake = make(chan struct{}, 1)
		h.run = func() { c.serve(h, i+1) }
	}
	return c
}

// start hires helpers for a run.
func (c *crew) start(helpers int) {
	c.hired, c.quit = min(helpers, len(c.helpers)), false
	c.busy.Store(int32(c.hired))
	for i := range c.hired {
		go c.helpers[i].run()
	}
	c.await() // until they have seen the epoch that they start from
}

// stop ends the helpers, so that the session can be used again.
func (c *crew) stop() {
	if c.hired == 0 {
		return
	}
	c.quit = true
	c.publish()
	c.await()
	c.kernel, c.args, c.scratch = nil, nil, nil
}

// do runs all tasks of a step.
func (c *crew) do(k kernel.Kernel, args *kernel.Args, scratch []float32) {
	c.kernel, c.args, c.scratch = k, args, scratch
	c.deal(k.Tasks())
	if c.hired == 0 || k.Tasks() == 1 {
		c.work(0)
		return
	}
	c.publish()
	c.work(0)
	c.await()
}

func (c *crew) publish() {
	c.busy.Store(int32(c.hired))
	c.epoch.Add(1)
	for i := range c.hired {
		if h := &c.helpers[i]; h.parked.CompareAndSwap(true, false) {
			h.wake <- struct{}{}
		}
	}
}

// A waiting goroutine looks so often before it gives way to others: some tens
// of microseconds. A helper parks after it has given way so many times; waking
// it takes as long as a small step does, so that it must outwait the longest
// task of another worker.
const (
	spins    = 1 << 14
	patience = 16
)

// await waits until every helper has finished.
func (c *crew) await() {
	for i := 1; c.busy.Load() > 0; i++ {
		if i%spins == 0 {
			runtime.Gosched()
		}
	}
}

// serve is a helper's life.
func (c *crew) serve(h *helper, worker int) {
	seen := c.epoch.Load()
	c.busy.Add(-1)
	for {
		seen = c.waitFor(h, seen)
		if c.quit {
			c.busy.Add(-1)
			return
		}
		c.work(worker)
		c.busy.Add(-1)
	}
}

// waitFor returns the epoch that follows one. A publisher that lags behind its
// helpers may wake one which has done the epoch's work already; that one goes
// back to sleep.
func (c *crew) waitFor(h *helper, seen uint32) uint32 {
	for {
		for range patience {
			for range spins {
				if e := c.epoch.Load(); e != seen {
					return e
				}
			}
			runtime.Gosched()
		}
		h.parked.Store(true)
		if c.epoch.Load() == seen || !h.parked.CompareAndSwap(true, false) {
			<-h.wake
		}
	}
}

// deal gives each worker its share of the tasks.
func (c *crew) deal(tasks int) {
	workers := c.hired + 1
	for w := range workers {
		c.left[w].set(w*tasks/workers, (w+1)*tasks/workers)
	}
}

// work does tasks until there are none or the context is done: a worker's own
// first, then what the others have left.
func (c *crew) work(worker int) {
	if worker >= c.kernel.Tasks() {
		return // there is scratch for as many workers as tasks
	}
	size := align(c.kernel.Scratch())
	scratch := c.scratch[worker*size : (worker+1)*size]
	for i := range c.hired + 1 {
		from := &c.left[(worker+i)%(c.hired+1)]
		for {
			task, ok := from.take(i > 0)
			if !ok {
				break
			}
			if c.args.Cancelled() {
				return
			}
			c.kernel.Do(c.args, task, scratch)
		}
	}
}
