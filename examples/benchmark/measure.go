package main

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/vertebra-vision/vertebra/backbone"
)

// started is as near to the process's start as a Go program gets.
var started = time.Now()

// Line is what was measured. Times are in milliseconds; operations are the
// multiplications and additions of direct convolution, whatever the algorithm.
type Line struct {
	Case
	MedianMS    float64 `json:"median_ms"`
	P95MS       float64 `json:"p95_ms"`
	MinMS       float64 `json:"min_ms"`
	Runs        int     `json:"runs"`
	Images      float64 `json:"images_per_second"`
	GFLOPs      float64 `json:"gflops"` // a second
	PeakPercent float64 `json:"peak_percent,omitempty"`
	ArenaBytes  int64   `json:"arena_bytes"`
	// RSSBytes is the most memory that the process held, 0 where unknown.
	RSSBytes int64   `json:"rss_bytes,omitempty"`
	Allocs   float64 `json:"allocs_per_run"`
	// ColdMS is from the program's start to the first result, with -cold.
	ColdMS float64 `json:"cold_ms,omitempty"`
	Steps  []Step  `json:"steps,omitempty"`
}

// Step is a node of a profile, and what is fused into it.
type Step struct {
	Node    string   `json:"node"`
	Fused   []string `json:"fused,omitempty"`
	Kernel  string   `json:"kernel"`
	Shape   []int    `json:"shape"`
	MS      float64  `json:"ms"`
	Percent float64  `json:"percent"` // of all steps' time
	GFLOPs  float64  `json:"gflops"`
}

func (c Case) measure(ctx context.Context, o *options) (*Line, error) {
	resetPeakRSS()
	s, err := c.prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	line := &Line{Case: c, ArenaBytes: s.plan.ArenaBytes()}
	results, err := s.run(ctx) // packs the weights
	if err != nil {
		return nil, err
	}
	line.ColdMS = 1e3 * time.Since(started).Seconds()
	if o.output != "" {
		if err := save(o.output, results); err != nil {
			return nil, err
		}
	}
	switch {
	case o.cold:
		line.set(s.plan, []float64{line.ColdMS / 1e3})
	case o.profile:
		line.ColdMS = 0
		err = line.profile(ctx, s, o.length)
	default:
		line.ColdMS = 0
		err = line.time(ctx, s, o.length)
	}
	line.RSSBytes = peakRSS()
	return line, err
}

// minRuns is the fewest runs of a line, however slow they are.
const minRuns = 5

// time runs the network for a while.
func (l *Line) time(ctx context.Context, s *subject, length time.Duration) error {
	times := make([]float64, 0, 1<<16)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for end := time.Now().Add(length); len(times) < minRuns || time.Now().Before(end); {
		start := time.Now()
		if _, err := s.run(ctx); err != nil {
			return err
		}
		times = append(times, time.Since(start).Seconds())
	}
	runtime.ReadMemStats(&after)
	l.Allocs = float64(after.Mallocs-before.Mallocs) / float64(len(times))
	l.set(s.plan, times)
	return nil
}

// set computes the figures from the runs' times in seconds.
func (l *Line) set(plan *backbone.Plan, times []float64) {
	slices.Sort(times)
	median := times[len(times)/2]
	l.Runs = len(times)
	l.MedianMS, l.MinMS, l.P95MS = 1e3*median, 1e3*times[0], 1e3*times[len(times)*95/100]
	l.Images = float64(l.Batch) / median
	l.GFLOPs = 2 * float64(plan.MACs()) / median / 1e9
}

// profile measures each step: first a few runs, to see how many there is time
// for.
func (l *Line) profile(ctx context.Context, s *subject, length time.Duration) error {
	start := time.Now()
	if _, err := s.plan.Profile(ctx, s.x, minRuns); err != nil {
		return err
	}
	l.Runs = max(minRuns, int(minRuns*float64(length)/float64(time.Since(start))))
	steps, err := s.plan.Profile(ctx, s.x, l.Runs)
	if err != nil {
		return err
	}
	var total time.Duration
	for _, step := range steps {
		total += step.Time
	}
	runs := l.Runs
	l.set(s.plan, []float64{total.Seconds()})
	l.Runs = runs
	for _, step := range steps {
		l.Steps = append(l.Steps, Step{
			Node: step.Node, Fused: step.Fused, Kernel: step.Kernel, Shape: step.Shape,
			MS:      1e3 * step.Time.Seconds(),
			Percent: 100 * float64(step.Time) / float64(max(1, total)),
			GFLOPs:  2 * float64(step.MACs) / max(step.Time, 1).Seconds() / 1e9,
		})
	}
	return nil
}
