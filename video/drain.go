package video

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
)

// shared is a result that several sinks hold.
type shared struct {
	*Result
	holders *atomic.Int32
	lost    *atomic.Bool // a sink did not write it
	last    func(lost bool)
}

// release is called by each sink when it is done with the result; the last
// calls last.
func (s shared) release() {
	if s.holders.Add(-1) == 0 {
		s.last(s.lost.Load())
	}
}

// discard is release without having written it.
func (s shared) discard() {
	s.lost.Store(true)
	s.release()
}

// drain runs one sink.
type drain struct {
	Output
	sink  Sink
	queue *queue[shared]
	meter meter
}

func (p *Pipeline) openSinks(ctx context.Context) error {
	for _, o := range p.config.Outputs {
		var sink Sink
		err := guard(func() (err error) {
			sink, err = o.Open(ctx)
			return err
		})
		if err != nil {
			return stageError("sink "+o.Name, err)
		}
		if sink == nil {
			return stageError("sink "+o.Name, errors.Wrap(ErrConfig, "Open returned neither a sink nor an error"))
		}
		d := &drain{Output: o, sink: sink, queue: newQueue(p.config.Queue, Block, nil, shared.discard)}
		p.mu.Lock()
		p.drains = append(p.drains, d)
		p.mu.Unlock()
	}
	return nil
}

// closeSinks completes what was written; an error is the pipeline's, unless it
// has one.
func (p *Pipeline) closeSinks() {
	for _, d := range p.drains {
		p.fail("sink "+d.Name, guard(d.sink.Close))
		p.fail("sink "+d.Name, guard(func() error {
			if n, ok := d.sink.(Noter); ok && n.Note() != "" {
				p.config.Log.Info(n.Note(), "sink", d.Name)
			}
			return nil
		}))
	}
}

// share hands a result to the sinks that want it.
func (p *Pipeline) share(ctx context.Context, r *Result) bool {
	var takers []*drain
	for _, d := range p.drains {
		if len(d.Sources) == 0 || slices.Contains(d.Sources, r.Source) {
			takers = append(takers, d)
		}
	}
	frame := r.Frame // whatever a sink may do to the result
	s := shared{r, &atomic.Int32{}, &atomic.Bool{}, func(lost bool) { p.finished(frame, lost) }}
	s.holders.Store(int32(len(takers)) + 1)
	defer s.release()
	for i, d := range takers {
		if d.queue.push(ctx, s) != nil {
			for range takers[i+1:] {
				s.discard()
			}
			return false
		}
	}
	return true
}

// finished is called with each result's frame when all sinks are done with it.
func (p *Pipeline) finished(f *Frame, lost bool) {
	if !lost {
		now := time.Now()
		p.pace.tick(now)
		p.latency.add(now.Sub(f.Captured))
	}
	f.Close()
}

func (d *drain) run(ctx context.Context) error {
	for {
		s, ok := d.queue.pop(ctx)
		if !ok {
			return nil
		}
		begin := time.Now()
		err := guard(func() error { return d.sink.Write(ctx, s.Result) })
		if err != nil {
			s.discard()
			return errors.WithMessagef(err, "%s, frame %d", s.Source, s.Index)
		}
		d.meter.add(time.Since(begin))
		s.release()
	}
}
