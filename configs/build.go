package configs

import (
	"context"
	"os"
	"path/filepath"
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
	// Labels are empty where nothing names the classes.
	Labels []string
	// Outputs are the nodes to compute.
	Outputs []string
}

// Build makes the network and loads its weights; a published checkpoint is
// fetched with the given options.
func (c *Config) Build(ctx context.Context, opts ...weights.FetchOption) (*Built, error) {
	net, err := backbone.New(c.Model.Backbone.Config, c.options()...)
	if err != nil {
		return nil, errors.WithMessage(err, c.name)
	}
	b := &Built{Network: net, Outputs: c.Outputs}
	b.Transform, b.Labels = classify.Conventions(net.Config())
	published, err := c.load(ctx, net, opts)
	if err != nil {
		return nil, errors.WithMessage(err, c.name)
	}
	if published != nil {
		b.Transform, b.Labels = published.Transform(), published.Categories()
	}
	if c.Input.Preprocessing != nil {
		b.Transform = c.Input.Preprocessing.transform()
	}
	if labels, err := c.labels(); err != nil {
		return nil, errors.WithMessage(err, c.name)
	} else if labels != nil {
		b.Labels = labels
	}
	return b, c.checkOutputs(net)
}

func (c *Config) options() []backbone.Option {
	var list []backbone.Option
	if c.Model.Threads > 0 {
		list = append(list, backbone.WithThreads(c.Model.Threads))
	}
	if c.Model.MemoryLimit > 0 {
		list = append(list, backbone.WithMemoryLimit(int64(c.Model.MemoryLimit)))
	}
	return list
}

// load loads the weights; the checkpoint is nil unless it is a published one.
func (c *Config) load(ctx context.Context, net *backbone.Network, opts []weights.FetchOption) (*weights.Checkpoint, error) {
	w := c.Model.Weights
	if w.Source == "" {
		return nil, nil
	}
	path, published, err := weights.Resolve(ctx, c.resolve(w.Source), opts...)
	if err != nil {
		return nil, err
	}
	sd, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sd.Close() }()
	var policy []backbone.LoadOption
	if len(w.AllowMissing) > 0 {
		policy = append(policy, backbone.AllowMissing(w.AllowMissing...))
	}
	if len(w.IgnoreUnexpected) > 0 {
		policy = append(policy, backbone.IgnoreUnexpected(w.IgnoreUnexpected...))
	}
	if w.ReplaceClassifier {
		policy = append(policy, backbone.ReplaceClassifier())
	}
	return published, net.Load(sd, policy...)
}

// resolve finds a path that is relative to the file; a name stays a name.
func (c *Config) resolve(source string) string {
	if filepath.IsAbs(source) || c.dir == "" {
		return source
	}
	if path := filepath.Join(c.dir, source); exists(path) {
		return path
	}
	return source
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// labels reads the list that the file asks for, nil for none.
func (c *Config) labels() ([]string, error) {
	l := c.Model.Labels
	if l.Source == "" {
		return l.Names, nil
	}
	if list := weights.Labels(l.Source); list != nil {
		return list, nil
	}
	text, err := os.ReadFile(c.resolve(l.Source))
	if err != nil {
		return nil, errors.Wrapf(ErrConfig, "model.labels: %q is neither an embedded list nor a file (%v)", l.Source, err)
	}
	return strings.Split(strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n"), nil
}

// checkOutputs finds wrong names before anything runs.
func (c *Config) checkOutputs(net *backbone.Network) error {
	_, err := net.Outputs(c.Outputs...)
	return errors.WithMessagef(err, "%s: outputs", c.name)
}
