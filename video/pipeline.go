package video

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// Pipeline runs frames of its sources through a model into its sinks.
type Pipeline struct {
	config  Config
	feeds   []*feed
	batches *queue[[]*Frame]
	results *queue[*Result] // of the model
	posted  *queue[*Result] // post-processed
	drains  []*drain
	batcher *batcher

	batching, model, post, annotate, latency meter
	pace                                     pace
	begun                                    atomic.Bool
	start, end                               atomic.Int64 // Unix nanoseconds, 0 before

	mu    sync.Mutex
	cause error // why it ends early
}

// New checks a description and makes a pipeline of it; nothing is opened until
// Run. Errors wrap ErrConfig.
func New(c Config) (*Pipeline, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	p := &Pipeline{config: c}
	ready := make(chan struct{}, 1)
	p.batcher = &batcher{Batching: c.Batch, ready: ready}
	for _, in := range c.Inputs {
		f := &feed{
			Input: in, log: c.Log, opened: make(chan struct{}), meter: &meter{},
			frames: newQueue(in.Queue, Block, nil, (*Frame).Close),
			ready:  newQueue(1, Block, ready, (*Frame).Close),
		}
		p.feeds = append(p.feeds, f)
		p.batcher.sources = append(p.batcher.sources, f.ready)
	}
	closeResult := func(r *Result) { r.Frame.Close() }
	p.batches = newQueue(1, Block, nil, func(batch []*Frame) {
		for _, f := range batch {
			f.Close()
		}
	})
	p.results = newQueue(c.Queue, Block, nil, closeResult)
	p.posted = newQueue(c.Queue, Block, nil, closeResult)
	return p, nil
}

// Run opens the sources and sinks, and returns when all sources have ended and
// all results are written; nil then. When the context ends, Run closes what was
// written and returns the context's error, within a second unless a sink or
// the model does not heed its context. Another error is a *StageError: an
// error of a source lets the frames before it finish. A pipeline runs once.
func (p *Pipeline) Run(ctx context.Context) error {
	if p.begun.Swap(true) {
		return errors.Wrap(ErrConfig, "the pipeline has run; make a new one")
	}
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	p.start.Store(time.Now().UnixNano())

	var sources sync.WaitGroup
	for _, f := range p.feeds {
		sources.Go(func() {
			defer f.frames.close()
			if err := guard(func() error { return f.run(reading) }); err != nil {
				p.fail("source "+f.Name, err)
				stopReading()
			}
		})
	}
	if p.wait(reading) {
		p.stages(ctx, cancel)
	} else {
		cancel()
	}
	sources.Wait()
	p.empty()
	p.end.Store(time.Now().UnixNano())
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := outer.Err(); err != nil && p.cause == nil {
		return err
	}
	return p.cause
}

// fail keeps the first error.
func (p *Pipeline) fail(stage string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cause == nil && err != nil {
		p.cause = stageError(stage, err)
	}
}

// wait waits until all sources are open; false if one cannot be opened.
func (p *Pipeline) wait(ctx context.Context) bool {
	for _, f := range p.feeds {
		select {
		case <-f.opened:
		case <-ctx.Done():
			if !f.isOpen() {
				return false
			}
		}
	}
	return true
}

// stages runs everything after the sources.
func (p *Pipeline) stages(ctx context.Context, cancel func()) {
	defer p.closeSinks()
	if err := p.openSinks(ctx); err != nil {
		p.failed(ctx, err)
		cancel()
		return
	}
	watched := make(chan struct{})
	watching, stopWatching := context.WithCancel(ctx)
	go func() {
		defer close(watched)
		p.watch(watching)
	}()
	defer func() {
		stopWatching()
		<-watched
	}()
	var group sync.WaitGroup
	run := func(stage string, f func(context.Context) error, after func()) {
		group.Go(func() {
			defer after()
			if err := guard(func() error { return f(ctx) }); err != nil {
				p.failed(ctx, stageError(stage, err))
				cancel()
			}
		})
	}
	for _, f := range p.feeds {
		run("preprocess "+f.Name, func(ctx context.Context) error { return p.prepare(ctx, f) }, f.ready.close)
	}
	run("batch", p.batch, p.batches.close)
	run("model", p.compute, p.results.close)
	run("post-process", p.process, p.posted.close)
	run("annotate", p.draw, func() {
		for _, d := range p.drains {
			d.queue.close()
		}
	})
	for _, d := range p.drains {
		run("sink "+d.Name, d.run, func() {})
	}
	group.Wait()
}

// failed keeps an error unless it only says that the pipeline is ending.
func (p *Pipeline) failed(ctx context.Context, err error) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return
	}
	p.fail("pipeline", err)
}

// empty closes the frames that a pipeline which ends early leaves in queues.
func (p *Pipeline) empty() {
	for _, f := range p.feeds {
		f.frames.empty()
		f.ready.empty()
	}
	p.batches.empty()
	p.results.empty()
	p.posted.empty()
	for _, d := range p.drains {
		d.queue.empty()
	}
}

// prepare is the preprocessing of one source.
func (p *Pipeline) prepare(ctx context.Context, f *feed) error {
	preparer, _ := p.config.Model.(Preparer)
	for {
		frame, ok := f.frames.pop(ctx)
		if !ok {
			return nil
		}
		if preparer != nil {
			begin := time.Now()
			var x *ops.Tensor
			err := guard(func() (err error) {
				x, err = preparer.Prepare(ctx, frame)
				return err
			})
			if err != nil {
				frame.Close()
				return err
			}
			frame.Input = x
			f.prepared.add(time.Since(begin))
		}
		if f.ready.push(ctx, frame) != nil {
			return nil
		}
	}
}

func (p *Pipeline) batch(ctx context.Context) error {
	for {
		begin := time.Now()
		batch := p.batcher.next(ctx)
		if batch == nil {
			return nil
		}
		p.batching.add(time.Since(begin))
		if p.batches.push(ctx, batch) != nil {
			return nil
		}
	}
}

// compute is the model's stage.
func (p *Pipeline) compute(ctx context.Context) error {
	for {
		batch, ok := p.batches.pop(ctx)
		if !ok {
			return nil
		}
		begin := time.Now()
		results, err := p.runModel(ctx, batch)
		if err != nil {
			return err
		}
		p.model.add(time.Since(begin))
		for i, r := range results {
			if p.results.push(ctx, r) != nil {
				p.batches.drop(batch[i+1:])
				return nil
			}
		}
	}
}

// runModel owns the batch if it returns an error. A goroutine runs the model, so
// that one that does not heed its context can be left behind, with its frames:
// the first run of a large network, which packs its weights, takes long.
func (p *Pipeline) runModel(ctx context.Context, batch []*Frame) ([]*Result, error) {
	type outcome struct {
		results []*Result
		err     error
	}
	ended := make(chan outcome, 1)
	go func() {
		var o outcome
		o.err = guard(func() (err error) {
			o.results, err = p.attempt(ctx, batch)
			return err
		})
		if o.err != nil {
			p.batches.drop(batch)
		}
		ended <- o
	}()
	select {
	case o := <-ended:
		return o.results, o.err
	case <-ctx.Done():
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case o := <-ended:
		return o.results, o.err
	case <-t.C:
		p.config.Log.Warn("a run of the model is left behind")
		go func() {
			if o := <-ended; o.err == nil {
				p.batches.drop(batch)
			}
		}()
		return nil, ctx.Err()
	}
}

// attempt runs the model and checks what it gives.
func (p *Pipeline) attempt(ctx context.Context, batch []*Frame) ([]*Result, error) {
	results, err := p.config.Model.Run(ctx, batch)
	if err != nil {
		return nil, err
	}
	if len(results) != len(batch) {
		return nil, errors.Wrapf(ErrConfig, "the model gave %d results for %d frames", len(results), len(batch))
	}
	for i, f := range batch {
		r := results[i]
		if r == nil {
			return nil, errors.Wrapf(ErrConfig, "the model's result %d of %d is nil", i, len(batch))
		}
		r.Frame, r.Source, r.Index, r.PTS = f, f.Source, f.Index, f.PTS
		f.Input = nil // its memory is needed no longer
	}
	return results, nil
}

// process runs the processors of each source.
func (p *Pipeline) process(ctx context.Context) error {
	processors := map[string][]Processor{}
	if p.config.Post != nil {
		for _, f := range p.feeds {
			processors[f.Name] = p.config.Post(f.Name)
		}
	}
	return p.each(ctx, p.results, &p.post, func(r *Result) error {
		for _, x := range processors[r.Source] {
			if err := x.Process(r); err != nil {
				return errors.WithMessagef(err, "%s, frame %d", r.Source, r.Index)
			}
		}
		return nil
	}, func(r *Result) bool { return p.posted.push(ctx, r) == nil })
}

// draw annotates the frames and hands them to the sinks.
func (p *Pipeline) draw(ctx context.Context) error {
	return p.each(ctx, p.posted, &p.annotate, func(r *Result) error {
		if p.config.Annotate == nil {
			return nil
		}
		return errors.WithMessagef(p.config.Annotate.Draw(r), "%s, frame %d", r.Source, r.Index)
	}, func(r *Result) bool { return p.share(ctx, r) })
}

// each takes results, works on them and hands them on.
func (p *Pipeline) each(ctx context.Context, from *queue[*Result], m *meter, work func(*Result) error, to func(*Result) bool) error {
	for {
		r, ok := from.pop(ctx)
		if !ok {
			return nil
		}
		begin := time.Now()
		if err := guard(func() error { return work(r) }); err != nil {
			r.Frame.Close()
			return err
		}
		if r.Frame == nil {
			return errors.Wrap(ErrFrame, "a result has lost its frame")
		}
		m.add(time.Since(begin))
		if !to(r) {
			return nil
		}
	}
}
