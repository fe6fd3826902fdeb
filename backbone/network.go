package backbone

import (
	"context"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/model"
	"github.com/vertebra-vision/vertebra/ops"
)

var (
	// ErrNode is wrapped by errors about names of nodes and levels that the
	// network lacks. They list the nearest names.
	ErrNode = model.ErrNode
	// ErrMemory is wrapped by the error of a run that would need more memory
	// than [WithMemoryLimit] allows.
	ErrMemory = engine.ErrMemory
	// ErrClosed is wrapped by the errors of calls that follow Close.
	ErrClosed = model.ErrClosed
)

// Network is a backbone with its weights. It is safe for concurrent use.
type Network struct {
	config     Config
	stages     []Info
	stem       *graph.Node
	model      *model.Model
	run        model.Options
	extensions []Extension
}

// New makes the network that the configuration describes. Until Load gives it
// weights it has seeded random ones. Errors wrap [ErrConfig], those about a
// tuning file [ErrTuning].
func New(c Config, opts ...Option) (*Network, error) {
	s := settings{config: c, run: model.DefaultOptions()}
	for _, o := range opts {
		if err := o(&s); err != nil {
			return nil, err
		}
	}
	if err := s.config.Validate(); err != nil {
		return nil, err
	}
	return s.network(nil, nil)
}

// network builds the graph with its extensions and the model that runs it.
func (s *settings) network(extensions []Extension, parent *model.Model) (*Network, error) {
	b := build(s.config.withDefaults())
	n := &Network{config: b.Config, stages: b.stages, stem: b.stem, run: s.run, extensions: extensions}
	if err := n.extend(b); err != nil {
		return nil, err
	}
	n.model = model.New(model.Spec{
		Graph:      b.g,
		Canonical:  n.canonical,
		Keys:       n.keys,
		Plans:      n.plans(),
		Init:       b.initialise,
		Classifier: "fc",
		Stem:       b.stemKey(),
		Parent:     parent,
		Options:    s.run,
	})
	return n, nil
}

// canonical is canonicalName, the stem's output by its name, and what
// extensions call theirs.
func (n *Network) canonical(name string) string {
	for _, e := range n.extensions {
		if e.Canonical != nil {
			name = e.Canonical(name)
		}
	}
	if name == "stem" {
		return n.stem.Name
	}
	name = canonicalName(name)
	if !n.config.NoClassifier {
		name = classifierName(name)
	}
	return name
}

// Threads is how many threads one run uses.
func (n *Network) Threads() int { return n.run.Threads }

// Config returns the configuration with its defaults filled in.
func (n *Network) Config() Config { return n.config.withDefaults() }

// Close lets go of the weights, the plans and their memory, and removes the
// hooks. A network that nobody uses any more needs no Close, it has no goroutine
// and no file; Close frees the memory of one that something still refers to.
//
// Close may be called beside anything else and again. Runs under way return
// their results; it does not wait for them. Calls after it that need the
// weights (Forward, Features, Run, Load, Hook, Plan, StateDict) fail with an
// error that wraps [ErrClosed]. Networks that were extended from this one go on,
// if they have run or loaded all of their weights before.
func (n *Network) Close() error { return n.model.Close() }

// Forward classifies: x is N×C×H×W, preprocessed as the weights want it, and
// the result N×NumClasses logits. Without a classifier it is the last map,
// N×C×H×W. Errors about the input wrap ops.ErrShape, about the memory that it
// would need [ErrMemory]; the context's error comes back when it ends.
func (n *Network) Forward(ctx context.Context, x *ops.Tensor) (*ops.Tensor, error) {
	nodes := n.model.Graph().Nodes()
	out, err := n.model.Run(ctx, x, nodes[len(nodes)-1])
	if err != nil {
		return nil, errors.WithMessage(err, n.config.Name)
	}
	return out[0], nil
}

// Features computes the maps of the given levels, all levels without any. It
// computes nothing past the deepest. Maps are N×C×H×W, [Network.Info] has their
// channels and stride. Errors about names wrap [ErrNode], others are Forward's.
func (n *Network) Features(ctx context.Context, x *ops.Tensor, levels ...Level) (map[Level]*ops.Tensor, error) {
	if len(levels) == 0 {
		levels = n.Levels()
	}
	names := make([]string, len(levels))
	for i, l := range levels {
		if _, err := n.stage(l); err != nil {
			return nil, err
		}
		names[i] = string(l)
	}
	out, err := n.Run(ctx, x, names...)
	if err != nil {
		return nil, err
	}
	maps := make(map[Level]*ops.Tensor, len(levels))
	for _, l := range levels {
		maps[l] = out[string(l)]
	}
	return maps, nil
}

// Run computes any nodes by name and returns them under the names that were
// asked for; names of one node share a tensor. It computes nothing that they
// do not need. Errors about names wrap [ErrNode], others are Forward's.
func (n *Network) Run(ctx context.Context, x *ops.Tensor, names ...string) (map[string]*ops.Tensor, error) {
	nodes, index, err := n.find(names)
	if err != nil {
		return nil, err
	}
	out, err := n.model.Run(ctx, x, nodes...)
	if err != nil {
		return nil, errors.WithMessage(err, n.config.Name)
	}
	byName := make(map[string]*ops.Tensor, len(names))
	for i, name := range names {
		byName[name] = out[index[i]]
	}
	return byName, nil
}

// find looks names up: the distinct nodes, and each name's index among them.
func (n *Network) find(names []string) (nodes []*graph.Node, index []int, err error) {
	if len(names) == 0 {
		return nil, nil, errors.Wrap(ErrNode, "no node named")
	}
	at := map[*graph.Node]int{}
	for _, name := range names {
		node, err := n.model.Find(name)
		if err != nil {
			return nil, nil, errors.WithMessage(err, n.config.Name)
		}
		if _, ok := at[node]; !ok {
			at[node] = len(nodes)
			nodes = append(nodes, node)
		}
		index = append(index, at[node])
	}
	return nodes, index, nil
}

// Nodes lists the names of everything that Run computes and Hook takes, in
// the order of execution.
func (n *Network) Nodes() []string { return n.model.Names() }

// Outputs checks names as Run would and returns the torchvision name of each
// one's node.
func (n *Network) Outputs(names ...string) ([]string, error) {
	nodes, index, err := n.find(names)
	if err != nil {
		return nil, err
	}
	list := make([]string, len(names))
	for i := range names {
		list[i] = nodes[index[i]].Name
	}
	return list, nil
}
