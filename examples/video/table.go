package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/video"
)

// table prints what the frames show, and which pictures could not be read.
type table struct {
	out    io.Writer
	every  time.Duration
	maxBad int

	mu     sync.Mutex
	last   map[string]time.Time
	headed bool
	failed int
}

func (t *table) row(_ context.Context, r *video.Result) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(t.last[r.Source]) < t.every {
		return nil
	}
	t.last[r.Source] = now
	return t.print(r.Source, r.Index, r.PTS, describe(r))
}

func (t *table) print(source string, index int64, pts time.Duration, what string) error {
	if !t.headed {
		t.headed = true
		if _, err := fmt.Fprintf(t.out, "%-12s %8s %10s  %s\n", "source", "frame", "time", "what"); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(t.out, "%-12s %8d %10v  %s\n", source, index, pts.Round(time.Millisecond), what)
	return err
}

// bad tells of a picture that could not be read, and whether there may be more.
func (t *table) bad(source string, log io.Writer, b *video.BadPicture) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed++
	if t.maxBad >= 0 && t.failed > t.maxBad {
		return false
	}
	fmt.Fprintf(log, "video: %s\n", cli.Line(b.Err))
	return t.print(source, b.Index, b.PTS, "failed: "+cli.Line(b.Err)) == nil
}

// failures is the error of a run past bad pictures.
func (t *table) failures() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d pictures failed", t.failed)
}

// describe is a result in a few words.
func describe(r *video.Result) string {
	var words []string
	if c := r.Stable; c != nil {
		words = append(words, fmt.Sprintf("[%s %.2f]", c.Label, c.Probability))
	}
	for _, c := range r.Classes {
		words = append(words, fmt.Sprintf("%s %.2f", c.Label, c.Probability))
	}
	for _, d := range r.Detections {
		words = append(words, fmt.Sprintf("#%d %s %.2f", d.TrackID, d.Name, d.Score))
	}
	for _, f := range r.Features {
		words = append(words, fmt.Sprintf("%s %v", f.Name, f.Tensor.Shape()))
	}
	return strings.Join(words, "  ")
}
