package video

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
)

// Input is a source of a pipeline.
type Input struct {
	// Name tells the sources apart. Default: source0, source1 …
	Name string
	// Open opens the source.
	Open Opener
	// Selection says which frames to take.
	Selection Selection
	// Policy is what to do when the pipeline cannot keep up with a live
	// source. Files are never dropped. Default Block.
	Policy Policy
	// Queue is how many frames may wait for the pipeline. Default 4.
	Queue int
	// Stall is how long a live source may give no frame before it is taken for
	// dead. Default 10 s; negative waits for ever.
	Stall time.Duration
	// Unchanged is how long a live source may give the same picture, to the last
	// bit, before it is taken for dead: some go on with their last one. Default 0
	// waits for ever, as a screen or a drawing may well stand still.
	Unchanged time.Duration
	// Reconnect is what to do about a live source that ended or is dead.
	Reconnect Reconnect
}

// Reconnect says how to open a live source again: after Initial, then after
// twice as long each time, up to Max.
type Reconnect struct {
	// Disabled ends the pipeline instead.
	Disabled bool
	// Initial defaults to 0.5 s and Max to 30 s.
	Initial, Max time.Duration
	// Attempts in a row that may fail; 0 is no limit.
	Attempts int
}

const (
	defaultQueue   = 4
	maxQueue       = 1 << 16
	defaultStall   = 10 * time.Second
	defaultInitial = 500 * time.Millisecond
	defaultMax     = 30 * time.Second
	// grace is how long a source may take to notice that its context ended
	// before it is left to itself. A call into C may hang for ever.
	grace = 400 * time.Millisecond
)

func (in *Input) validate() error {
	if in.Open == nil {
		return errors.Wrapf(ErrConfig, "source %s: no Open", in.Name)
	}
	if err := in.Selection.validate(); err != nil {
		return errors.WithMessagef(err, "source %s", in.Name)
	}
	switch in.Policy {
	case "":
		in.Policy = Block
	case Block, DropOldest, Latest:
	default:
		return errors.Wrapf(ErrConfig, "source %s: policy %q, want %s, %s or %s", in.Name, in.Policy, Block, DropOldest, Latest)
	}
	if in.Queue < 0 || in.Queue > maxQueue {
		return errors.Wrapf(ErrConfig, "source %s: a queue of %d, want 1 to %d", in.Name, in.Queue, maxQueue)
	}
	if in.Unchanged < 0 {
		return errors.Wrapf(ErrConfig, "source %s: unchanged for %v, want 0 or more", in.Name, in.Unchanged)
	}
	if r := in.Reconnect; r.Initial < 0 || r.Max < 0 || r.Attempts < 0 {
		return errors.Wrapf(ErrConfig, "source %s: reconnecting after %v up to %v, %d attempts: want none negative", in.Name, r.Initial, r.Max, r.Attempts)
	}
	setDefault(&in.Queue, defaultQueue)
	setDefault(&in.Stall, defaultStall)
	setDefault(&in.Reconnect.Initial, defaultInitial)
	setDefault(&in.Reconnect.Max, max(defaultMax, in.Reconnect.Initial))
	return nil
}

func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// feed runs one input: it reads the source into a queue.
type feed struct {
	Input
	log      *slog.Logger
	frames   *queue[*Frame] // read, for the preprocessing
	ready    *queue[*Frame] // preprocessed, for the batches
	opened   chan struct{}  // closed when the source was opened for the first time
	meter    *meter         // of reading
	prepared meter

	mu         sync.Mutex
	info       Info
	read       atomic.Int64
	reconnects atomic.Int64
	stalls     atomic.Int64
	done       atomic.Bool

	first       time.Time     // when the first frame came
	nextIndex   int64         // after the frames so far
	lastPTS     time.Duration // of the frames so far
	indexOffset int64         // of this connection
	ptsOffset   time.Duration
	fresh       bool // no frame came in this connection
}

// run reads until the source's end. The error is why it could not go on.
func (f *feed) run(ctx context.Context) error {
	defer f.done.Store(true)
	wait, failures := f.Reconnect.Initial, 0
	for {
		before := f.read.Load()
		err := f.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		live := f.Info().Live
		ended := errors.Is(err, io.EOF)
		switch {
		case ended && f.read.Load() == 0 && (!live || f.Reconnect.Disabled):
			return errors.Wrap(ErrSource, "it has no frames")
		case ended && (!live || f.Reconnect.Disabled):
			return nil
		case !live || f.Reconnect.Disabled || !f.isOpen():
			return err
		}
		if f.read.Load() > before {
			wait, failures = f.Reconnect.Initial, 0
		}
		if failures++; f.Reconnect.Attempts > 0 && failures > f.Reconnect.Attempts {
			return errors.WithMessagef(err, "gave up after %d attempts to reconnect", f.Reconnect.Attempts)
		}
		f.log.Warn("reconnecting", "source", f.Name, "after", wait, logged(err))
		if !sleep(ctx, wait) {
			return nil
		}
		f.reconnects.Add(1)
		wait = min(2*wait, f.Reconnect.Max)
	}
}

// sleep reports false when the context ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *feed) isOpen() bool {
	select {
	case <-f.opened:
		return true
	default:
		return false
	}
}

// Info is what the source said of itself when it was opened last.
func (f *feed) Info() Info {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.info
}

// event is what a connection's reader tells: that the source is open, a frame,
// or why it ended.
type event struct {
	info  *Info
	frame *Frame
	took  time.Duration
	err   error
}

// connect opens the source and reads it until an error, which may be io.EOF.
// A goroutine reads, so that one that hangs can be left behind.
func (f *feed) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	events := make(chan event)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.reader(ctx, events)
	}()
	defer func() {
		cancel()
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-ended:
		case <-t.C:
			f.log.Warn("a read hangs and is left behind", "source", f.Name)
		}
	}()
	f.fresh = true
	return f.receive(ctx, events)
}

func (f *feed) reader(ctx context.Context, events chan<- event) {
	send := func(e event) bool {
		select {
		case events <- e:
			return true
		case <-ctx.Done():
			e.frame.Close()
			return false
		}
	}
	var src Source
	err := guard(func() (err error) {
		src, err = Select(ctx, f.Open, f.Selection)
		return err
	})
	if err != nil {
		send(event{err: err})
		return
	}
	defer func() {
		if err := guard(src.Close); err != nil {
			f.log.Warn("closing", "source", f.Name, logged(err))
		}
	}()
	info := src.Info()
	if !send(event{info: &info}) {
		return
	}
	for {
		var e event
		begin := time.Now()
		e.err = guard(func() (err error) {
			e.frame, err = src.Read(ctx)
			return err
		})
		e.took = time.Since(begin)
		if !send(e) || e.err != nil {
			return
		}
	}
}

// receive puts frames into the queue until the reader ends or stalls.
func (f *feed) receive(ctx context.Context, events <-chan event) error {
	var still still
	var stalled <-chan time.Time
	var timer *time.Timer
	arm := func() {
		if f.Stall < 0 || !f.Info().Live {
			return
		}
		if timer == nil {
			timer = time.NewTimer(f.Stall)
			stalled = timer.C
			return
		}
		timer.Reset(f.Stall)
	}
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	for {
		arm() // at the first connection it is not known yet whether it is live
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stalled:
			f.stalls.Add(1)
			return errors.Wrapf(ErrStall, "no frame for %v", f.Stall)
		case e := <-events:
			switch {
			case e.err != nil:
				return e.err
			case e.info != nil:
				f.open(*e.info)
			default:
				f.meter.add(e.took)
				if err := f.watch(&still, e.frame); err != nil {
					e.frame.Close()
					return err
				}
				if err := f.take(ctx, e.frame); err != nil {
					return err
				}
			}
		}
	}
}

// watch reports a live source whose picture has not changed for too long.
func (f *feed) watch(s *still, frame *Frame) error {
	if f.Unchanged == 0 || frame == nil || !f.Info().Live {
		return nil
	}
	if d := s.since(frame, time.Now()); d >= f.Unchanged {
		f.stalls.Add(1)
		return errors.Wrapf(ErrStall, "the same picture for %v", d.Round(time.Millisecond))
	}
	return nil
}

func (f *feed) open(info Info) {
	f.mu.Lock()
	f.info = info
	f.mu.Unlock()
	if f.isOpen() {
		return
	}
	if info.Live {
		f.frames.policy = f.Policy // nothing has been put in yet
	}
	close(f.opened)
}

// take numbers a frame, so that numbers and times go on after a reconnection,
// and queues it.
func (f *feed) take(ctx context.Context, frame *Frame) error {
	if frame == nil {
		return errors.Wrap(ErrSource, "Read returned neither a frame nor an error")
	}
	if frame.Captured.IsZero() {
		frame.Captured = time.Now()
	}
	if f.first.IsZero() {
		f.first = frame.Captured
	} else if f.fresh {
		f.indexOffset = f.nextIndex - frame.Index
		f.ptsOffset = max(frame.Captured.Sub(f.first), f.lastPTS+time.Millisecond) - frame.PTS
	}
	f.fresh = false
	frame.Source = f.Name
	frame.Index += f.indexOffset
	frame.PTS += f.ptsOffset
	f.nextIndex, f.lastPTS = frame.Index+1, max(f.lastPTS, frame.PTS)
	f.read.Add(1)
	return f.frames.push(ctx, frame)
}
