package configs

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// Built is what a configuration describes, ready to run.
type Built struct {
	Network   *backbone.Network
	Transform transform.Classification
	// Labels are the classes in the order of the logits; empty where the
	// network has no classifier.
	Labels []string
	// Outputs are the nodes to compute.
	Outputs []string
}

// Build makes the network and loads its weights; a published checkpoint is
// fetched with the given options, after everything else was found to be right.
// Errors name the file and, where the cause stands in it, the line. They wrap
// ErrConfig or the sentinels of backbone and weights.
func (c *Config) Build(ctx context.Context, opts ...weights.FetchOption) (*Built, error) {
	net, err := backbone.New(c.Model.Backbone.Config, c.options()...)
	if err != nil {
		return nil, errors.WithMessage(err, c.where("model.backbone", c.Model.Backbone.Preset))
	}
	if err := c.checkOutputs(net); err != nil {
		return nil, err
	}
	b := &Built{Network: net, Outputs: slices.Clone(c.Outputs)}
	b.Transform, b.Labels = classify.Conventions(net.Config())
	own, err := c.labels(net.Config())
	if err != nil {
		return nil, err
	}
	published, err := c.load(ctx, opts, net)
	if err != nil {
		return nil, err
	}
	if published != nil {
		b.Transform = published.Transform()
		if list := published.Categories(); len(list) == net.Config().NumClasses {
			b.Labels = list // not so where the classifier was replaced
		}
	}
	if c.Input.Preprocessing != nil {
		b.Transform = c.Input.Preprocessing.transform()
	}
	switch {
	case net.Config().NoClassifier:
		b.Labels = nil
	case own != nil:
		b.Labels = own
	}
	return b, nil
}

func (c *Config) options() []backbone.Option {
	var list []backbone.Option
	if c.Model.Threads != 0 {
		list = append(list, backbone.WithThreads(c.Model.Threads))
	}
	if c.Model.MemoryLimit != 0 {
		list = append(list, backbone.WithMemoryLimit(int64(c.Model.MemoryLimit)))
	}
	return list
}

// checkOutputs looks each name up, so that the error has its line.
func (c *Config) checkOutputs(net *backbone.Network) error {
	for i, name := range c.Outputs {
		if _, err := net.Outputs(name); err != nil {
			return errors.WithMessage(err, c.where(indexed("outputs", i), name))
		}
	}
	return nil
}

// load loads the weights; the checkpoint is nil unless it is a published one.
func (c *Config) load(ctx context.Context, opts []weights.FetchOption, net *backbone.Network) (*weights.Checkpoint, error) {
	w := c.Model.Weights
	if w.Source == "" {
		return nil, nil
	}
	key := "model.weights"
	if _, ok := c.nodes[key+".source"]; ok {
		key += ".source"
	}
	path, published, err := c.checkpoint(ctx, opts)
	if err != nil {
		return nil, errors.WithMessage(err, c.where(key, w.Source))
	}
	sd, err := weights.Open(path)
	if err != nil {
		return nil, errors.WithMessage(err, c.where(key, w.Source))
	}
	defer func() { _ = sd.Close() }()
	if err := net.Load(sd, w.policy()...); err != nil {
		return nil, errors.WithMessage(err, c.where(key, w.Source))
	}
	return published, nil
}

// checkpoint finds the file, by the rule that Weights.Source states.
func (c *Config) checkpoint(ctx context.Context, opts []weights.FetchOption) (path string, published *weights.Checkpoint, err error) {
	source := c.Model.Weights.Source
	published, unknown := weights.Lookup(source)
	if unknown == nil {
		path, err = weights.Fetch(ctx, source, opts...)
		return path, published, err
	}
	path = c.fromFile(source)
	if _, err := os.Stat(path); err != nil {
		return "", nil, errors.WithMessagef(unknown, "neither a published checkpoint nor a file (%v)", err)
	}
	return path, nil, nil
}

func (w Weights) policy() []backbone.LoadOption {
	var list []backbone.LoadOption
	if len(w.AllowMissing) > 0 {
		list = append(list, backbone.AllowMissing(w.AllowMissing...))
	}
	if len(w.IgnoreUnexpected) > 0 {
		list = append(list, backbone.IgnoreUnexpected(w.IgnoreUnexpected...))
	}
	if w.ReplaceClassifier {
		list = append(list, backbone.ReplaceClassifier())
	}
	return list
}

// labels reads the list that the file asks for, nil for none. There must be a
// name for each class.
func (c *Config) labels(net backbone.Config) ([]string, error) {
	l := c.Model.Labels
	list := l.Names
	if l.Source != "" {
		if list = weights.Labels(l.Source); list == nil {
			data, err := readFile(c.fromFile(l.Source))
			if err != nil {
				return nil, errors.WithMessage(errors.Wrapf(ErrConfig, "neither an embedded list nor a file (%v)", err), c.where("model.labels", l.Source))
			}
			list = lines(string(data))
		}
	}
	if list != nil && !net.NoClassifier && len(list) != net.NumClasses {
		return nil, errors.WithMessage(errors.Wrapf(ErrConfig, "expected a name for each of %d classes, found %d", net.NumClasses, len(list)), c.where("model.labels", l.Source))
	}
	return list, nil
}

// lines splits a text file, with or without a newline at the end.
func lines(text string) []string {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	return strings.Split(text, "\n")
}
