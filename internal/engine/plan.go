package engine

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// ErrMemory is wrapped by the error of a plan that would need more memory
// than its limit.
var ErrMemory = errors.New("memory limit exceeded")

// Options bound and shape a plan.
type Options struct {
	// Workers is the most goroutines that a run uses.
	Workers int
	// Budget bounds the threads of all runs that share it; nil does not.
	Budget *Budget
	// MemoryLimit bounds the weights, as they were loaded and packed, with the
	// arena and the outputs of one run, in bytes; 0 does not.
	MemoryLimit int64
	// Direct forbids Winograd's and Strassen's algorithms, which round a little
	// more than direct convolution.
	Direct bool
	// ByBatch lets algorithms be chosen by the batch, too: a picture's results then
	// depend on its company by rounding.
	ByBatch bool
	// Tuning has algorithms that were measured; nil for none.
	Tuning *Tuning
	// Cache is the bytes of cache that a worker has, 0 for a typical share.
	Cache int
}

// Plan computes wanted nodes for one input shape. It is safe for concurrent
// use.
type Plan struct {
	input   graph.Shape
	outputs []graph.Shape
	steps   []step
	arena   int // floats
	workers int
	budget  *Budget
	macs    int64
	params  *Params

	sessions idle[session]
}

// step is a unit bound to its kernel and to its places in the arena.
type step struct {
	unit    *unit
	kernel  kernel.Kernel
	in      []place
	out     place
	scratch place
	macs    int64
}

// place is where a value lies: in the arena, or with the caller. A section's
// steps have an arena of their own, and what the section shares.
type place struct {
	kind placeKind
	at   int // offset in the arena, or the index of the output or shared value
	size int // floats
}

type placeKind uint8

const (
	inArena placeKind = iota
	isCallersInput
	isCallersOutput
	isShared // with the rest of the plan, at is the index among the section's
)

// Compile makes the plan that computes the wanted nodes of a graph from an
// input of the given shape. Taps outside what they need have no effect.
func Compile(g *graph.Graph, params *Params, input graph.Shape, wanted []*graph.Node, taps []Tap, opt Options) (*Plan, error) {
	p := newPlan(input, opt)
	units, err := p.arrange(g, wanted, taps, opt)
	if err != nil {
		return nil, err
	}
	if err := p.bind(gather(units), params, opt.MemoryLimit); err != nil {
		return nil, err
	}
	return p, nil
}

func newPlan(input graph.Shape, opt Options) *Plan {
	return &Plan{input: input.Clone(), workers: max(1, opt.Workers), budget: opt.Budget}
}

// arrange makes the units: what is computed, in which order, layouts and
// rounds, and by which algorithms.
func (p *Plan) arrange(g *graph.Graph, wanted []*graph.Node, taps []Tap, opt Options) ([]*unit, error) {
	units, err := build(g, wanted, p.input)
	if err != nil {
		return nil, err
	}
	p.macs = unitMACs(units)
	units = p.markOutputs(units, wanted, taps)
	units = assignLayouts(fuse(units))
	assignRounds(units, p.input[0], opt)
	chooseAlgorithms(units, opt)
	return units, nil
}

// markOutputs inserts the taps and tells the values that the caller wants.
func (p *Plan) markOutputs(units []*unit, wanted []*graph.Node, taps []Tap) []*unit {
	byNode := map[*graph.Node]*value{}
	for _, u := range units {
		byNode[u.node] = u.out
	}
	values := make([]*value, len(wanted))
	for i, n := range wanted {
		values[i] = byNode[n]
	}
	units, values = insertTaps(units, taps, values)
	for i, v := range values {
		v.output = i
		p.outputs = append(p.outputs, v.shape)
	}
	return units
}

// bind picks kernels and lays out memory.
func (p *Plan) bind(units []*unit, params *Params, limit int64) error {
	p.params = params
	p.lay(units, make([]int, len(units)))
	if err := p.checkLimit(limit, params.unpacked(leavesOf(units))); err != nil {
		return err // before the packing
	}
	kernels, err := lowerAll(units, params, p.workers)
	if err != nil {
		return err
	}
	scratch := make([]int, len(units))
	for i, k := range kernels {
		if k != nil {
			scratch[i] = align(k.Scratch()) * min(p.workers, k.Tasks())
		}
	}
	l := p.lay(units, scratch)
	if err := p.checkLimit(limit, 0); err != nil {
		return err
	}
	for i, u := range units {
		if !u.isInput() {
			p.steps = append(p.steps, newStep(u, kernels[i], l.place, l.scratch[i]))
		}
	}
	return nil
}

// lay lays out the arena.
func (p *Plan) lay(units []*unit, scratch []int) *layout {
	l := planMemory(units, scratch, func(v *value) bool { return v.output < 0 })
	p.arena = l.size
	return l
}

func newStep(u *unit, k kernel.Kernel, find func(*value) place, scratch *buffer) step {
	s := step{unit: u, kernel: k}
	for _, in := range u.inputs {
		s.in = append(s.in, find(in))
	}
	if u.inner != nil {
		for _, v := range u.made {
			s.in = append(s.in, find(v))
		}
	} else {
		s.out, s.macs = find(u.out), nodeMACs(u)
	}
	if scratch != nil {
		s.scratch = place{at: scratch.offset, size: scratch.size}
	}
	return s
}

// place finds a value.
func (l *layout) place(v *value) place {
	size := v.floats()
	if v.output >= 0 {
		return place{kind: isCallersOutput, at: v.output, size: size}
	}
	if b := l.values[v]; b != nil {
		return place{at: b.offset, size: size}
	}
	return place{kind: isCallersInput, size: size}
}

// Memory is what a plan needs, in bytes.
type Memory struct {
	// Weights are all of the model's as they were loaded, Packed their forms for
	// this and all other plans.
	Weights, Packed int64
	// Arena and Outputs are of one run.
	Arena, Outputs int64
}

// Total is all of it.
func (m Memory) Total() int64 { return m.Weights + m.Packed + m.Arena + m.Outputs }

// Memory is what a run of the plan needs beside the input.
func (p *Plan) Memory() Memory {
	m := Memory{Arena: p.ArenaBytes()}
	m.Weights, m.Packed = p.params.Bytes()
	for _, s := range p.outputs {
		m.Outputs += 4 * int64(s.Elems())
	}
	return m
}

// checkLimit compares a limit with what the plan needs once so many bytes more
// are packed.
func (p *Plan) checkLimit(limit, unpacked int64) error {
	m := p.Memory()
	m.Packed += unpacked
	weights := m.Weights + m.Packed
	switch {
	case limit == 0 || m.Total() <= limit:
		return nil
	case weights > limit:
		return errors.Wrapf(ErrMemory, "an input of %v: the weights alone take %s as they were loaded and %s packed for the plans, the limit is %s: raise the limit, or use a smaller network",
			p.input, megabytes(m.Weights), megabytes(m.Packed), megabytes(limit))
	}
	return errors.Wrapf(ErrMemory, "an input of %v needs %s for activations beside %s of weights, the limit is %s: use a smaller image or batch, or raise the limit",
		p.input, megabytes(m.Arena+m.Outputs), megabytes(weights), megabytes(limit))
}

// IdleBytes are the arenas that runs gave back.
func (p *Plan) IdleBytes() int64 { return p.ArenaBytes() * int64(p.sessions.len()) }

// Input is the shape that the plan is for.
func (p *Plan) Input() graph.Shape { return p.input.Clone() }

// Outputs are the shapes of the wanted values.
func (p *Plan) Outputs() []graph.Shape { return p.outputs }

// ArenaBytes is the size of the arena that intermediate values share.
func (p *Plan) ArenaBytes() int64 { return 4 * int64(p.arena) }

// MACs is the multiply-adds of one run.
func (p *Plan) MACs() int64 { return p.macs }

// String prints the plan as a table: a line for each step.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "input %v, arena %s, %.3f GMAC, %d workers\n", p.input, megabytes(p.ArenaBytes()), float64(p.macs)/1e9, p.workers)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "node\tkernel\tfused\tshape\tMMAC\trounds\tplace")
	for _, s := range p.leaves() {
		names := make([]string, len(s.unit.fused))
		for i, n := range s.unit.fused {
			names[i] = n.Name
		}
		kernelName := s.kernel.Name()
		if s.unit.tap >= 0 {
			kernelName = s.unit.op().Kind()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%.1f\t%v\t%s\n", s.unit.node.Name, kernelName, strings.Join(names, " "), s.unit.out.shape, float64(s.macs)/1e6, s.unit.rounds, s.out)
	}
	_ = w.Flush()
	return b.String()
}

// leaves lists the steps, with those of a section in its place.
func (p *Plan) leaves() []*step {
	var list []*step
	for i := range p.steps {
		if s, ok := p.steps[i].kernel.(*section); ok {
			for j := range s.steps {
				list = append(list, &s.steps[j])
			}
		} else {
			list = append(list, &p.steps[i])
		}
	}
	return list
}

// String tells where a value lies, for people to read.
func (p place) String() string {
	switch p.kind {
	case isCallersInput:
		return "input"
	case isCallersOutput:
		return fmt.Sprintf("output %d", p.at)
	case isShared:
		return fmt.Sprintf("shared %d", p.at)
	}
	return fmt.Sprintf("%d+%d", 4*p.at, 4*p.size)
}

func unitMACs(units []*unit) int64 {
	var sum int64
	for _, u := range units {
		sum += nodeMACs(u)
	}
	return sum
}

func nodeMACs(u *unit) int64 {
	shapes := make([]graph.Shape, len(u.inputs))
	for i, v := range u.inputs {
		shapes[i] = v.shape
	}
	return u.op().MACs(shapes, u.out.shape)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
