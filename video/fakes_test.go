package video

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/heads/classify"
)

// synthetic gives frames whose first pixel is their number.
type synthetic struct {
	n             int64
	width, height int
	live          bool
	every         time.Duration // between frames
	fail          error         // instead of the end
	hang          bool          // instead of the end
	next          int64
	memory        pixels
	open          *atomic.Int64 // frames that are not closed
	closed        *atomic.Int64
}

func (s *synthetic) opener() Opener {
	open := func(context.Context) (Source, error) {
		own := &synthetic{n: s.n, width: s.width, height: s.height, live: s.live, every: s.every, fail: s.fail, hang: s.hang, closed: s.closed}
		setDefault(&own.width, 16)
		setDefault(&own.height, 8)
		return own, nil
	}
	if s.open == nil {
		return open
	}
	return counting(open, s.open)
}

func (s *synthetic) Info() Info {
	return Info{Width: s.width, Height: s.height, FPS: 25, Frames: s.n, Live: s.live}
}

func (s *synthetic) Close() error {
	if s.closed != nil {
		s.closed.Add(1)
	}
	return nil
}

func (s *synthetic) Read(ctx context.Context) (*Frame, error) {
	if s.next >= s.n {
		if s.hang {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if s.fail != nil {
			return nil, s.fail
		}
		return nil, io.EOF
	}
	if s.every > 0 && !sleep(ctx, s.every) {
		return nil, ctx.Err()
	}
	f, err := s.memory.frame(s.width, s.height, RGB)
	if err != nil {
		return nil, err
	}
	clear(f.Pix)
	f.Pix[0], f.Pix[1], f.Pix[2] = uint8(s.next), uint8(s.next>>8), uint8(s.next>>16)
	f.Index, f.PTS = s.next, timeOf(s.next, 25)
	s.next++
	return f, nil
}

// counting counts the frames of a source that are not closed.
func counting(open Opener, n *atomic.Int64) Opener {
	return func(ctx context.Context) (Source, error) {
		s, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return countingSource{s, n}, nil
	}
}

type countingSource struct {
	Source
	open *atomic.Int64
}

func (s countingSource) Read(ctx context.Context) (*Frame, error) {
	f, err := s.Source.Read(ctx)
	if err != nil {
		return nil, err
	}
	s.open.Add(1)
	back := f.release
	f.release = func() {
		s.open.Add(-1)
		if back != nil {
			back()
		}
	}
	return f, nil
}

// numberModel says which number is in a frame's first pixel.
type numberModel struct {
	mu      sync.Mutex
	batches [][]string // sources
	forgets bool       // keeps no batches
	slow    time.Duration
	fail    int64 // the number that it fails at, if it is not 0
}

func (m *numberModel) Run(ctx context.Context, batch []*Frame) ([]*Result, error) {
	if m.slow > 0 && !sleep(ctx, m.slow) {
		return nil, ctx.Err()
	}
	var names []string
	var results []*Result
	for _, f := range batch {
		names = append(names, f.Source)
		n := int64(f.Pix[0]) | int64(f.Pix[1])<<8 | int64(f.Pix[2])<<16
		if m.fail != 0 && n == m.fail {
			return nil, errors.New("it is broken")
		}
		results = append(results, &Result{Classes: []classify.Prediction{{Class: int(n), Probability: 1}}})
	}
	if m.forgets {
		return results, nil
	}
	m.mu.Lock()
	m.batches = append(m.batches, names)
	m.mu.Unlock()
	return results, nil
}

// collected is a sink that keeps the numbers by source.
type collected struct {
	mu     sync.Mutex
	got    map[string][]int
	closed int
}

func (c *collected) output() Output {
	return Output{Name: "collect", Open: func(context.Context) (Sink, error) { return c, nil }}
}

func (c *collected) Write(_ context.Context, r *Result) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.got == nil {
		c.got = map[string][]int{}
	}
	c.got[r.Source] = append(c.got[r.Source], r.Classes[0].Class)
	return nil
}

func (c *collected) Close() error { c.closed++; return nil }

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func run(t *testing.T, c Config) (*Pipeline, error) {
	t.Helper()
	p, err := New(c)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return p, p.Run(ctx)
}
