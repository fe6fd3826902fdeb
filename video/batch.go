package video

import (
	"context"
	"slices"
	"time"
)

// Batching says how many frames the model computes at once.
type Batching struct {
	// Size is the most frames in a batch. Default 1.
	Size int
	// Wait is the longest that a frame waits for others to fill its batch; 0
	// waits until the batch is full or the sources have ended, which suits
	// files.
	Wait time.Duration
}

const maxBatch = 4096

// batcher forms batches of the frames of several sources, which take turns.
type batcher struct {
	Batching
	sources []*queue[*Frame]
	ready   chan struct{} // shared by the sources
	turn    int
}

// next waits for a batch; none after the last and when the context ends.
func (b *batcher) next(ctx context.Context) []*Frame {
	var batch []*Frame
	var timeout <-chan time.Time
	for {
		state := b.fill(&batch)
		if len(batch) == b.Size || len(batch) > 0 && state != waiting {
			return batch
		}
		if state == ended {
			return nil
		}
		if len(batch) > 0 && b.Wait > 0 && timeout == nil {
			timer := time.NewTimer(b.Wait)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case <-b.ready:
		case <-timeout:
			return batch
		case <-ctx.Done():
			for _, f := range batch {
				f.Close()
			}
			return nil
		}
	}
}

type batchState int

const (
	waiting  batchState = iota // for frames
	mismatch                   // all waiting frames are of another shape
	ended
)

// fill takes a frame of each source in turn, until the batch is full or
// nothing that fits is waiting.
func (b *batcher) fill(batch *[]*Frame) batchState {
	for len(*batch) < b.Size {
		took, open, other := false, false, false
		for range b.sources {
			q := b.sources[b.turn]
			b.turn = (b.turn + 1) % len(b.sources)
			f, ok, more := q.tryPop(func(f *Frame) bool { return len(*batch) == 0 || sameInput(f, (*batch)[0]) })
			open = open || more
			other = other || more && !ok && f != nil
			if ok {
				*batch = append(*batch, f)
				took = true
				break
			}
		}
		switch {
		case took:
		case other:
			return mismatch
		case !open:
			return ended
		default:
			return waiting
		}
	}
	return waiting
}

// sameInput reports whether two frames fit into one batch.
func sameInput(a, b *Frame) bool {
	if a.Input == nil || b.Input == nil {
		return a.Input == nil && b.Input == nil && a.Width == b.Width && a.Height == b.Height
	}
	return slices.Equal(a.Input.Shape(), b.Input.Shape())
}
