package video

import (
	"slices"
	"sync"
	"time"
)

// meterWindow is how many of the last durations percentiles are taken of.
const meterWindow = 1024

// meter keeps the durations of a stage.
type meter struct {
	mu    sync.Mutex
	count int64
	sum   time.Duration
	last  [meterWindow]time.Duration
}

func (m *meter) add(d time.Duration) {
	m.mu.Lock()
	m.last[m.count%meterWindow] = d
	m.count++
	m.sum += d
	m.mu.Unlock()
}

// Latency sums up durations: percentiles of the last thousand, the mean of all.
type Latency struct {
	Count               int64
	Mean, P50, P95, P99 time.Duration
	Total               time.Duration
}

func (m *meter) latency() Latency {
	m.mu.Lock()
	l := Latency{Count: m.count, Total: m.sum}
	window := slices.Clone(m.last[:min(m.count, meterWindow)])
	m.mu.Unlock()
	if len(window) == 0 {
		return l
	}
	l.Mean = l.Total / time.Duration(l.Count)
	slices.Sort(window)
	at := func(p float64) time.Duration { return window[int(p*float64(len(window)-1)+0.5)] }
	l.P50, l.P95, l.P99 = at(0.50), at(0.95), at(0.99)
	return l
}

// pace measures frames per second over the last frames.
type pace struct {
	mu    sync.Mutex
	count int64
	times [64]time.Time
}

func (p *pace) tick(now time.Time) {
	p.mu.Lock()
	p.times[p.count%int64(len(p.times))] = now
	p.count++
	p.mu.Unlock()
}

// rate is the frames per second lately; it falls when no frames come.
func (p *pace) rate(now time.Time) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(p.count, int64(len(p.times)))
	if n < 2 {
		return 0
	}
	span := now.Sub(p.times[(p.count-n)%int64(len(p.times))])
	if span <= 0 {
		return 0
	}
	return float64(n) / span.Seconds()
}
