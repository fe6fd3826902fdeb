package engine

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/choose"
	"github.com/vertebra-vision/vertebra/internal/kernel/conv"
)

// Tuning is the algorithms that were found to be the fastest for convolutions
// on this machine. Where it knows none, a model of costs decides. It is safe
// for concurrent use; networks may share one.
type Tuning struct {
	path string // empty for one that is not kept
	// measuring is held by who measures: two at a time would disturb each other.
	measuring chan struct{}

	mu         sync.RWMutex
	choices    map[string]kernel.Algorithm // by convolution
	generation atomic.Int64
}

// NewTuning is an empty one, which no file keeps.
func NewTuning() *Tuning {
	return &Tuning{measuring: make(chan struct{}, 1), choices: map[string]kernel.Algorithm{}}
}

// Generation changes when the choices do.
func (t *Tuning) Generation() int64 {
	if t == nil {
		return 0
	}
	return t.generation.Load()
}

// choice is the algorithm for a convolution of an input in the given layout;
// false where nothing was measured, or what a file says cannot be.
func (t *Tuning) choice(key string, s kernel.ConvSpec, in kernel.Layout) (kernel.Algorithm, bool) {
	if t == nil {
		return nil, false
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	chosen, ok := t.choices[key]
	for _, a := range choose.Among(s, in) {
		if ok && a == chosen {
			return a, true
		}
	}
	return nil, false
}

func (t *Tuning) choose(key string, a kernel.Algorithm) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.choices[key] = a
	t.generation.Add(1)
}

func (t *Tuning) snapshot() map[string]kernel.Algorithm {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return maps.Clone(t.choices)
}

// algorithmFor decides how a convolution to a blocked map is computed.
func (o *Options) algorithmFor(u *unit, c graph.Conv) kernel.Algorithm {
	if o.Direct {
		return conv.Direct
	}
	spec, in := u.convSpec(c), u.inputs[0].layout
	if a, ok := o.Tuning.choice(u.tuningKey(c), spec, in); ok {
		return a
	}
	if o.ByBatch {
		return choose.FastestForBatch(spec, in)
	}
	return choose.Fastest(spec, in)
}

// sharing is how many workers share a unit's tasks: each of several rounds is
// one worker's.
func (o *Options) sharing(u *unit) int {
	if u.rounds != nil {
		return 1
	}
	return max(1, o.Workers)
}

// tuningKey describes a convolution of one picture. How many there are and how many
// workers share them has a part in its speed, too; but what was measured first
// counts for all, as a picture's results must not depend on its company.
func (u *unit) tuningKey(c graph.Conv) string {
	s := u.convSpec(c)
	residual := ""
	if s.Residual {
		residual = " +residual"
	}
	planar := ""
	if !u.inputs[0].layout.Blocked {
		planar = " planar"
	}
	return fmt.Sprintf("%v %dx%d stride %d,%d pad %d dilation %d,%d groups %d: %dx%dx%d%s to %d%s, halos %d,%d",
		s.ISA, s.Kernel[0], s.Kernel[1], s.Stride[0], s.Stride[1], s.Padding[0], s.Dilation[0], s.Dilation[1], s.Groups,
		s.In.C, s.In.H, s.In.W, planar, s.Out.C, residual, u.inputs[0].layout.Halo, u.out.layout.Halo)
}
