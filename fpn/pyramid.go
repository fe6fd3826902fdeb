package fpn

import (
	"context"
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// Level names a map of the pyramid: P2, with the stride of C2, to P7.
type Level = backbone.Level

// Pyramid is a backbone with a neck. Everything that a Network can do, it can:
// Load, Run, Hook, Plan …; it is safe for concurrent use.
type Pyramid struct {
	*backbone.Network
	config Config
	levels []Level
	info   map[Level]backbone.Info
	// nodes and spellings lead from the levels, and from other names, to the
	// graph's.
	nodes     map[Level]string
	spellings map[string]string
}

// New puts a feature pyramid on a backbone, whose weights it starts with and
// whose classifier it leaves out. The neck's own weights are random until Load
// gives it others: a checkpoint of the whole, or of the backbone alone with
// AllowMissing("fpn.**") and IgnoreUnexpected("fc.*"). Errors wrap [ErrConfig],
// those about levels backbone.ErrNode.
func New(net *backbone.Network, c Config) (*Pyramid, error) {
	if net == nil {
		return nil, errors.Wrap(ErrConfig, "fpn: the backbone is nil")
	}
	c = c.withDefaults(net)
	c.Levels = slices.Clone(c.Levels)
	for i, l := range c.Levels {
		var err error
		if c.Levels[i], err = net.Level(l); err != nil {
			return nil, errors.WithMessage(err, "fpn")
		}
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	p := newPyramid(c)
	build := p.build
	var err error
	p.Network, err = net.Extend(backbone.Extension{
		Name: "fpn", Canonical: p.canonical,
		Build: func(b *backbone.Builder) error { return build(b) },
	})
	if err != nil {
		return nil, err
	}
	// Networks that extend this one build it again: not into p, which
	// goroutines may be reading.
	build = func(b *backbone.Builder) error { return newPyramid(c).build(b) }
	return p, nil
}

func newPyramid(c Config) *Pyramid {
	return &Pyramid{config: c, info: map[Level]backbone.Info{}, nodes: map[Level]string{}, spellings: map[string]string{}}
}

// Config returns the neck's configuration with its defaults filled in; that of
// the backbone is Network.Config.
func (p *Pyramid) Config() Config { return p.config }

// Levels lists the pyramid's levels, the finest first.
func (p *Pyramid) Levels() []Level { return slices.Clone(p.levels) }

// Info gives a level's channels and stride. The error wraps backbone.ErrNode.
func (p *Pyramid) Info(level Level) (backbone.Info, error) {
	l, err := p.level(level)
	return p.info[l], err
}

// Features computes the maps of the given levels of the pyramid, all levels
// without any; x is N×C×H×W. Errors about names wrap backbone.ErrNode.
func (p *Pyramid) Features(ctx context.Context, x *ops.Tensor, levels ...Level) (map[Level]*ops.Tensor, error) {
	if len(levels) == 0 {
		levels = p.levels
	}
	names := make([]string, len(levels))
	for i, level := range levels {
		l, err := p.level(level)
		if err != nil {
			return nil, err
		}
		names[i] = p.nodes[l]
	}
	out, err := p.Run(ctx, x, names...)
	if err != nil {
		return nil, err
	}
	maps := make(map[Level]*ops.Tensor, len(levels))
	for i, level := range levels {
		maps[level] = out[names[i]]
	}
	return maps, nil
}

// level finds a level by any of its spellings.
func (p *Pyramid) level(name Level) (Level, error) {
	if nodes, err := p.Outputs(string(name)); err == nil {
		for _, l := range p.levels {
			if p.nodes[l] == nodes[0] {
				return l, nil
			}
		}
	}
	return "", errors.Wrapf(backbone.ErrNode, "the pyramid has no level %q, it has %v", name, p.levels)
}

// canonical translates the spellings of levels and of the neck's modules.
func (p *Pyramid) canonical(name string) string {
	if node, ok := p.spellings[name]; ok {
		return node
	}
	return name
}

// add makes a node a level of the pyramid.
func (p *Pyramid) add(b *backbone.Builder, level Level, n *graph.Node, info backbone.Info, spellings ...string) {
	p.levels = append(p.levels, level)
	p.info[level], p.nodes[level] = info, n.Name
	b.Levels[level], b.Info[level] = n, info
	for _, s := range append(spellings, string(level), "p"+string(level[1:])) {
		p.spellings[s] = n.Name
	}
}
