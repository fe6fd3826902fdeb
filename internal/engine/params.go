package engine

import (
	"sync"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/linear"
)

// Params are a model's weights by checkpoint key, and the packed forms that
// kernels want of them, which all plans share. The weights do not change once
// plans use them.
type Params struct {
	raw    map[string][]float32
	mu     sync.Mutex
	packed map[string]*packing
	slab   kernel.Slab // of the packed forms
}

// NewParams holds weights by checkpoint key.
func NewParams(raw map[string][]float32) *Params {
	return &Params{raw: raw, packed: map[string]*packing{}}
}

// Get returns a parameter, nil where there is none.
func (p *Params) Get(key string) []float32 { return p.raw[key] }

// packing is a packed form that is made once.
type packing struct {
	once sync.Once
	data []float32
}

// pack returns a packed form, which make makes the first time, in memory that
// it takes from the function it is given.
func (p *Params) pack(key string, make func(take func(n int) []float32) []float32) []float32 {
	p.mu.Lock()
	form := p.packed[key]
	if form == nil {
		form = &packing{}
		p.packed[key] = form
	}
	p.mu.Unlock()
	form.once.Do(func() { form.data = make(p.slab.Take) })
	return form.data
}

// Bytes are the sizes of the weights as they were loaded, and of their packed
// forms.
func (p *Params) Bytes() (raw, packed int64) {
	for _, data := range p.raw {
		raw += 4 * int64(len(data))
	}
	return raw, p.slab.Bytes()
}

// unpacked is about the bytes that the packed forms which units want will add
// to those that there are.
func (p *Params) unpacked(units []*unit) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum int64
	seen := map[string]bool{}
	for _, u := range units {
		key, floats := u.packing()
		if key != "" && p.packed[key] == nil && !seen[key] {
			seen[key] = true
			sum += 4 * int64(floats)
		}
	}
	return sum
}

// packing names the packed form of the unit's weights and tells about how many
// floats it has; "" where its kernel reads them as they are.
func (u *unit) packing() (key string, floats int) {
	switch op := u.op().(type) {
	case graph.Conv:
		if u.algorithm == nil {
			return "", 0
		}
		spec, in := u.convSpec(op), u.inputs[0].layout
		weights := kernel.BlocksOf(op.Out) * kernel.Block * op.In / op.Groups * op.Kernel[0] * op.Kernel[1]
		return u.node.Module + " " + u.algorithm.Format(spec, in), int(float64(weights) * u.algorithm.Growth(spec))
	case graph.Linear:
		if spec := u.linearSpec(op); linear.CanTile(spec) {
			return u.node.Module + " linear " + linear.Format(spec), kernel.BlocksOf(op.Out) * kernel.Block * op.In
		}
	}
	return "", 0
}
