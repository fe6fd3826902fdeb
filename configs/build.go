package configs

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// Built is what a configuration describes, ready to run.
type Built struct {
	// Network has the outputs: the backbone, with its neck or segmenter. It is
	// nil for a detector.
	Network   *backbone.Network
	Transform transform.Classification
	// Labels are the classes in the order of the logits; empty where the
	// network has no classifier.
	Labels []string
	// Outputs are the nodes to compute.
	Outputs []string
	// Pyramid, Detector and Segmenter are nil where the file has no such
	// section. A detector transforms its images itself.
	Pyramid   *fpn.Pyramid
	Detector  *detect.Detector
	Segmenter *segment.Segmenter

	// load loads the weights into all of it, and classes counts the labels
	// that there should be; 0 for none.
	load    func(*weights.StateDict, ...backbone.LoadOption) error
	classes int
}

// Build makes the network and loads its weights; a published checkpoint is
// fetched with the given options, after everything else was found to be right.
// Errors name the file and, where the cause stands in it, the line. They wrap
// ErrConfig or the sentinels of backbone and weights.
func (c *Config) Build(ctx context.Context, opts ...weights.FetchOption) (*Built, error) {
	b, err := c.network(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.checkOutputs(b); err != nil {
		return nil, err
	}
	own, err := c.labels(b.classes)
	if err != nil {
		return nil, err
	}
	published, err := c.load(ctx, opts, b)
	if err != nil {
		return nil, err
	}
	if published != nil {
		b.Transform = published.Transform()
		if list := published.Categories(); len(list) == b.classes {
			b.Labels = list // not so where the classifier was replaced
		}
	}
	if c.Input.Preprocessing != nil {
		b.Transform = c.Input.Preprocessing.transform()
	}
	switch {
	case b.classes == 0:
		b.Labels = nil
	case own != nil:
		b.Labels = own
	}
	if b.Segmenter != nil {
		b.Segmenter.Transform, b.Segmenter.Labels = b.Transform, b.Labels
	}
	return b, nil
}

// network makes the backbone and what stands on it.
func (c *Config) network(ctx context.Context) (*Built, error) {
	m := &c.Model
	config := m.Backbone.Config
	var err error
	if config.NormEps, err = c.normEps(ctx); err != nil {
		return nil, err
	}
	net, err := backbone.New(config, c.options()...)
	if err != nil {
		return nil, errors.WithMessage(err, c.where("model.backbone", m.Backbone.Preset))
	}
	b := &Built{Network: net, Outputs: slices.Clone(c.Outputs), load: net.Load}
	b.Transform, b.Labels = classify.Conventions(net.Config())
	if !net.Config().NoClassifier {
		b.classes = net.Config().NumClasses
	}
	switch {
	case m.Detector != nil:
		err = c.detector(b)
	case m.Segmenter != nil:
		err = c.segmenter(b)
	case m.Neck != nil:
		err = c.neck(b, m.Neck.config())
	}
	return b, err
}

// normEps is the backbone's, which depends on the checkpoint of a detector
// unless it is told.
func (c *Config) normEps(ctx context.Context) (float64, error) {
	m := &c.Model
	if m.Detector == nil || m.Weights.Source == "" || m.Backbone.NormEps != 0 {
		return m.Backbone.NormEps, nil
	}
	published, err := weights.Lookup(m.Weights.Source)
	path := c.fromFile(m.Weights.Source)
	if _, missing := os.Stat(path); err != nil && missing != nil {
		return 0, nil // load says so, with the line
	}
	return detect.BackboneEps(ctx, m.Detector.Kind, published, path)
}

// neck puts the pyramid on the backbone.
func (c *Config) neck(b *Built, config fpn.Config) error {
	pyr, err := fpn.New(b.Network, config)
	if err != nil {
		return errors.WithMessage(err, c.where("model.neck", ""))
	}
	b.Pyramid, b.Network, b.load, b.classes = pyr, pyr.Network, pyr.Load, 0
	return nil
}

// detector puts a detector on the backbone, with the pyramid that it wants.
func (c *Config) detector(b *Built) error {
	x := c.Model.Detector
	config, pyramid := detect.Neck(x.Kind)
	switch {
	case c.Model.Neck != nil && !pyramid:
		return errors.WithMessage(errors.Wrapf(ErrConfig, "%s reads C4: leave the neck out", x.Kind), c.where("model.neck", ""))
	case c.Model.Neck != nil:
		config = c.Model.Neck.config()
	}
	if pyramid {
		if err := c.neck(b, config); err != nil {
			return err
		}
	}
	names := weights.Labels(detect.LabelList(x.Kind))
	own, err := c.labels(orDefault(x.Classes, len(names)))
	switch {
	case err != nil:
		return err
	case own != nil:
		names = own
	case x.Classes != 0 && x.Classes != len(names):
		names = nil
	}
	opts := append(x.options(), detect.WithLabels(names))
	var det *detect.Detector
	if pyramid {
		det, err = detect.New(x.Kind, b.Pyramid, opts...)
	} else {
		det, err = detect.NewOnBackbone(x.Kind, b.Network, opts...)
	}
	if err != nil {
		return errors.WithMessage(err, c.where("model.detector", x.Kind))
	}
	b.Detector, b.Network, b.load = det, nil, det.Load
	b.Labels, b.classes = names, len(names)
	return nil
}

// segmenter puts a segmentation head on the backbone.
func (c *Config) segmenter(b *Built) error {
	seg, err := segment.New(b.Network, c.Model.Segmenter.config())
	if err != nil {
		return errors.WithMessage(err, c.where("model.segmenter", string(c.Model.Segmenter.Head)))
	}
	b.Segmenter, b.Network, b.load = seg, seg.Network, seg.Load
	b.Transform, b.Labels, b.classes = seg.Transform, seg.Labels, seg.Config().NumClasses
	return nil
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
func (c *Config) checkOutputs(b *Built) error {
	for i, name := range c.Outputs {
		if b.Detector != nil {
			if name != detections {
				return errors.WithMessage(errors.Wrapf(ErrConfig, "a detector's only output is %s, found %q", detections, name), c.where(indexed("outputs", i), name))
			}
			continue
		}
		if _, err := b.Network.Outputs(name); err != nil {
			return errors.WithMessage(err, c.where(indexed("outputs", i), name))
		}
	}
	return nil
}

// load loads the weights; the checkpoint is nil unless it is a published one.
func (c *Config) load(ctx context.Context, opts []weights.FetchOption, b *Built) (*weights.Checkpoint, error) {
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
	sd, err := weights.Open(path, weights.Under(w.Under))
	if err != nil {
		return nil, errors.WithMessage(err, c.where(key, w.Source))
	}
	defer func() { _ = sd.Close() }()
	if err := b.load(sd, w.policy()...); err != nil {
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
	if w.AdaptInputChannels {
		list = append(list, backbone.AdaptInputChannels())
	}
	return list
}

// labels reads the list that the file asks for, nil for none. There must be a
// name for each of the classes, if these are known.
func (c *Config) labels(classes int) ([]string, error) {
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
	if list != nil && classes > 0 && len(list) != classes {
		return nil, errors.WithMessage(errors.Wrapf(ErrConfig, "expected a name for each of %d classes, found %d", classes, len(list)), c.where("model.labels", l.Source))
	}
	return list, nil
}

// lines splits a text file, with or without a newline at the end.
func lines(text string) []string {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	return strings.Split(text, "\n")
}
