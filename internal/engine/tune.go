package engine

import (
	"context"
	"slices"
	"time"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/choose"
)

// Measurement is what tuning found for one convolution.
type Measurement struct {
	// Done counts the convolutions measured, this one included, of Total.
	Done, Total int
	// Node is a convolution of the kind, Convolution describes the kind.
	Node, Convolution string
	// Algorithm is the choice, Model the one that would have been made without
	// measuring.
	Algorithm, Model string
	// Times are each algorithm's least.
	Times map[string]time.Duration
}

// Tune measures, for each kind of convolution in the plan that Compile would
// make, every algorithm that opt.Tuning has no choice for, and puts the fastest
// into it. What was measured before an error stays.
func Tune(ctx context.Context, g *graph.Graph, params *Params, input graph.Shape, wanted []*graph.Node, taps []Tap, opt Options, report func(Measurement)) error {
	select {
	case opt.Tuning.measuring <- struct{}{}:
		defer func() { <-opt.Tuning.measuring }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p := newPlan(input, opt)
	units, err := p.arrange(g, wanted, taps, opt)
	if err != nil {
		return err
	}
	p.params = params
	p.lay(units, make([]int, len(units)))
	if err := p.checkLimit(opt.MemoryLimit, params.unpacked(units)); err != nil {
		return err
	}
	list := unmeasured(units, opt)
	if len(list) == 0 {
		return nil
	}
	b := newBench(ctx, max(1, opt.Workers), otherWeights(units))
	defer b.crew.stop()
	for i, u := range list {
		m, err := b.tune(u, params, opt)
		if err != nil {
			return err
		}
		m.Done, m.Total = i+1, len(list)
		if report != nil {
			report(m)
		}
	}
	return ctx.Err()
}

// unmeasured lists one unit of each kind of convolution that there is a choice
// for and none was made.
func unmeasured(units []*unit, opt Options) []*unit {
	if opt.Direct {
		return nil
	}
	var list []*unit
	seen := map[string]bool{}
	for _, u := range units {
		c, ok := u.blockedConv()
		if !ok {
			continue
		}
		key, spec, in := u.tuningKey(c), u.convSpec(c), u.inputs[0].layout
		_, known := opt.Tuning.choice(key, spec, in)
		if !known && !seen[key] && len(choose.Among(spec, in)) > 1 {
			list = append(list, u)
		}
		seen[key] = true
	}
	return list
}

// otherWeights is about how many floats of weights a run reads between two uses
// of the same ones.
func otherWeights(units []*unit) int {
	n := 0
	for _, u := range units {
		n += u.weightFloats(false)
	}
	return n
}

// bench measures kernels as they run inside a plan: their input has just been
// written, their weights were read a run ago.
type bench struct {
	ctx     context.Context
	workers int
	crew    *crew
	others  []float32 // stands for the other weights
}

// The most other weights that are read between two measurements, in floats: more
// than fits in caches; and how often each algorithm is measured.
const (
	mostSwept = 32 << 20
	attempts  = 7
)

func newBench(ctx context.Context, workers, others int) *bench {
	b := &bench{ctx: ctx, workers: workers, crew: newCrew(workers), others: written(min(others, mostSwept))}
	b.crew.start(workers - 1)
	return b
}

// written returns memory that was written to: untouched pages are all the same
// one of zeros, which is always in the cache.
func written(n int) []float32 {
	x := kernel.Aligned(n)
	for i := range x {
		x[i] = 0.5
	}
	return x
}

// read puts memory into the caches in place of what was there.
func (b *bench) read(x []float32) {
	args := kernel.Args{In: [][]float32{x}, Done: b.ctx.Done()}
	b.crew.do(&sweep{len(x)}, &args, make([]float32, alignment*b.workers))
}

// sweep is the kernel that reads memory.
type sweep struct{ floats int }

// sweptAtOnce is the floats of a sweep's task.
const sweptAtOnce = 1 << 16

func (s *sweep) Name() string { return "sweep" }
func (s *sweep) Tasks() int   { return (s.floats + sweptAtOnce - 1) / sweptAtOnce }
func (s *sweep) Scratch() int { return alignment }

// Do reads a float of every cache line.
func (s *sweep) Do(a *kernel.Args, task int, scratch []float32) {
	part := a.In[0][task*sweptAtOnce : min(s.floats, (task+1)*sweptAtOnce)]
	for i := 0; i < len(part); i += alignment {
		scratch[0] += part[i]
	}
}

// candidate is an algorithm with its kernel.
type candidate struct {
	algorithm kernel.Algorithm
	kernel    kernel.Kernel
	args      kernel.Args
	scratch   []float32
	least     time.Duration
}

// tune measures the algorithms of a unit's convolution in turns and puts the
// best into the options' choices.
func (b *bench) tune(u *unit, params *Params, opt Options) (Measurement, error) {
	c, _ := u.blockedConv()
	workers := opt.sharing(u)
	list, err := u.candidates(c, params, workers)
	if err != nil {
		return Measurement{}, err
	}
	for range attempts {
		for i := range list {
			if err := b.measure(&list[i], workers); err != nil {
				return Measurement{}, err
			}
		}
	}
	key, model := u.tuningKey(c), choose.Fastest(u.convSpec(c), u.inputs[0].layout)
	best := fastest(list, model)
	opt.Tuning.choose(key, best)
	m := Measurement{Node: u.node.Name, Convolution: key, Algorithm: best.Name(), Model: model.Name(), Times: map[string]time.Duration{}}
	for _, k := range list {
		m.Times[k.algorithm.Name()] = k.least
	}
	return m, nil
}

// candidates makes the kernels of all algorithms of a convolution, which share
// their maps. Their weights are packed for the measurement only.
func (u *unit) candidates(c graph.Conv, params *Params, workers int) ([]candidate, error) {
	s, err := u.blockedSpec(c, params, workers)
	if err != nil {
		return nil, err
	}
	var list []candidate
	var in, scratch int
	for _, a := range choose.Among(s.ConvSpec, s.InLayout) {
		own := s
		own.InLayout.Extra = max(own.InLayout.Extra, a.Extra(s.ConvSpec, own.InLayout.Halo))
		own.Packed = a.Pack(s.ConvSpec, own.InLayout, kernel.Aligned)
		k := a.New(own)
		in = max(in, own.InLayout.Floats(s.In))
		scratch = max(scratch, align(k.Scratch())*min(workers, k.Tasks()))
		list = append(list, candidate{algorithm: a, kernel: k})
	}
	args := kernel.Args{In: [][]float32{written(in)}, Out: written(s.OutLayout.Floats(s.Out))}
	if s.Residual {
		args.In = append(args.In, written(s.ResidualLayout.Floats(s.Out)))
	}
	shared := written(scratch)
	for i := range list {
		list[i].args, list[i].scratch = args, shared
	}
	return list, nil
}

// measure runs a candidate once. A kernel that one worker of several would run
// is run by one.
func (b *bench) measure(k *candidate, workers int) error {
	k.args.Done = b.ctx.Done()
	b.read(b.others)
	for _, in := range k.args.In {
		b.read(in) // the step before it wrote them, and the helpers were awake
	}
	start := time.Now()
	if workers == 1 {
		b.alone(k)
	} else {
		b.crew.do(k.kernel, &k.args, k.scratch)
	}
	took := time.Since(start)
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if k.least == 0 || took < k.least {
		k.least = took
	}
	return nil
}

// alone runs a candidate on this goroutine.
func (b *bench) alone(k *candidate) {
	for task := range k.kernel.Tasks() {
		if k.args.Cancelled() {
			return
		}
		k.kernel.Do(&k.args, task, k.scratch)
	}
}

// worthChanging is what another algorithm than the model's must save, so that noise
// decides nothing.
const worthChanging = 0.98

// fastest picks the algorithm.
func fastest(list []candidate, model kernel.Algorithm) kernel.Algorithm {
	weigh := func(k candidate) float64 {
		cost := float64(k.least) / choose.Handicap(k.algorithm)
		if k.algorithm == model {
			cost *= worthChanging
		}
		return cost
	}
	return slices.MinFunc(list, func(a, b candidate) int {
		if weigh(a) < weigh(b) {
			return -1
		}
		return 1
	}).algorithm
}
