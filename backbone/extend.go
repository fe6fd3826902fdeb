package backbone

import (
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/weights"
)

// Extension continues a network's graph where its stages end. Necks and heads
// are extensions: they and the backbone are one graph, which runs as one plan.
// Only packages of this module can write them.
type Extension struct {
	// Name goes behind the network's name in messages.
	Name string
	// Build adds nodes. Their names are torchvision's module paths without
	// what wraps the backbone: "fpn.inner_blocks.0.0".
	Build func(*Builder) error
	// Canonical translates other spellings of the nodes' names and leaves all
	// other names alone. It may be nil.
	Canonical func(name string) string
	// Keys brings what weights.Canonical made of a checkpoint to the nodes'
	// parameters. It may be nil.
	Keys func(*weights.StateDict) (*weights.StateDict, error)
	// Plans bounds the plans that are kept, where the default is too few.
	Plans int
}

// Builder is what extensions build on. Only packages of this module can use it.
type Builder struct {
	// Graph is the backbone's, to which an extension adds.
	Graph *graph.Graph
	// Levels are the maps that a head may read, by name: C2 …, and what
	// extensions add, such as P2 ….
	Levels map[Level]*graph.Node
	// Info describes the levels.
	Info map[Level]Info
}

// Extend makes a network of this one, without its classifier, and an
// extension. It starts with this one's weights; hooks stay behind.
func (n *Network) Extend(e Extension) (*Network, error) {
	s := settings{config: n.config, run: n.run}
	s.config.NoClassifier = true
	s.config.Name = n.config.Name + "+" + e.Name
	extensions := append(n.extensions[:len(n.extensions):len(n.extensions)], e)
	return s.network(extensions, n.model)
}

// keys is weights.Canonical and then what extensions make of the keys.
func (n *Network) keys(sd *weights.StateDict) (*weights.StateDict, weights.Scheme, error) {
	sd, scheme, err := weights.Canonical(sd)
	for _, e := range n.extensions {
		if err == nil && e.Keys != nil {
			sd, err = e.Keys(sd)
		}
	}
	return sd, scheme, err
}

// plans is the most plans that an extension wants kept; 0 for the default.
func (n *Network) plans() int {
	most := 0
	for _, e := range n.extensions {
		most = max(most, e.Plans)
	}
	return most
}

// extend builds the extensions.
func (n *Network) extend(b *builder) error {
	builder := &Builder{Graph: b.g, Levels: map[Level]*graph.Node{}, Info: map[Level]Info{}}
	for i, level := range n.Levels() {
		stage, _ := b.g.Module("layer" + strconv.Itoa(i+1))
		builder.Levels[level], builder.Info[level] = stage.Output, n.stages[i]
	}
	for _, e := range n.extensions {
		if err := e.Build(builder); err != nil {
			return errors.WithMessage(err, n.config.Name)
		}
	}
	return nil
}

// CheckLevels reports levels that a network lacks or that repeat. The error
// wraps [ErrNode].
func (b *Builder) CheckLevels(levels []Level) error {
	seen := map[Level]bool{}
	for _, l := range levels {
		if b.Levels[l] == nil {
			return errors.Wrapf(ErrNode, "no level %q", l)
		}
		if seen[l] {
			return errors.Wrapf(ErrConfig, "level %s appears twice", l)
		}
		seen[l] = true
	}
	return nil
}

// ConvNorm adds torchvision's Conv2dNormActivation: the module path's .0 is a
// convolution, .1 its normalisation if norm is not nil, which takes the place
// of a bias, and .2 a ReLU if relu is set.
func (b *Builder) ConvNorm(path string, x *graph.Node, conv graph.Conv, norm graph.Op, relu bool) *graph.Node {
	in := x
	conv.Bias = norm == nil
	x = b.Graph.Call(path+".0", conv, x)
	index := 1
	if norm != nil {
		x = b.Graph.Call(path+".1", norm, x)
		index++
	}
	if relu {
		x = b.Graph.Call(path+"."+strconv.Itoa(index), graph.Activation{Func: graph.ReLU}, x)
	}
	b.Graph.Contain(path, in, x)
	return x
}

// unwrap takes off what torchvision and detectron2 put before a backbone's
// names in models that have more.
func unwrap(name string) string {
	for _, prefix := range []string{"backbone.body.", "backbone.bottom_up.", "backbone.", "body.", "bottom_up."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest
		}
	}
	return name
}
