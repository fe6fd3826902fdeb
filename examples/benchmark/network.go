package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// Case is what a line of the table measures.
type Case struct {
	Network string `json:"network"`
	Batch   int    `json:"batch"`
	Height  int    `json:"height"`
	Width   int    `json:"width"`
	Threads int    `json:"threads"`
	Direct  bool   `json:"direct,omitempty"` // without Winograd
	ByBatch bool   `json:"by_batch,omitempty"`
}

// String names a case in a chart.
func (c Case) String() string {
	return fmt.Sprintf("%s %dx%dx%d", c.Network, c.Batch, c.Height, c.Width)
}

// subject is a network and its input.
type subject struct {
	net *backbone.Network
	// wanted are the nodes to compute; none for the classifier's logits.
	wanted []string
	x      *ops.Tensor
	plan   *backbone.Plan
}

// prepare makes the network, with random weights unless there is a file.
func (c Case) prepare(ctx context.Context, o *options) (*subject, error) {
	s, err := c.network(o)
	if err != nil {
		return nil, err
	}
	if o.weights != "" {
		if err := s.load(o.weights); err != nil {
			return nil, err
		}
	}
	if s.x, err = ops.New(c.Batch, s.net.Config().InChannels, c.Height, c.Width); err != nil {
		return nil, err
	}
	fill(s.x.Data())
	if o.tune != "" {
		if err := s.tune(ctx, o.log); err != nil {
			return nil, err
		}
	}
	s.plan, err = s.net.Plan(s.x.Shape(), s.wanted...)
	return s, err
}

// network understands a preset's name with the ending of a variant, and the
// names of segmentation networks.
func (c Case) network(o *options) (*subject, error) {
	opts := []backbone.Option{backbone.WithThreads(c.Threads)}
	if o.tune != "" {
		opts = append(opts, backbone.WithTuning(o.tune))
	}
	if c.ByBatch {
		opts = append(opts, backbone.WithoutBatchInvariance())
	}
	if c.Direct {
		opts = append(opts, backbone.WithoutWinograd())
	}
	if slices.Contains(segment.Models(), c.Network) {
		return segmenter(c.Network, opts)
	}
	name, pyramid := strings.CutSuffix(c.Network, "_fpn")
	if at := strings.LastIndex(name, "_os"); at > 0 {
		if stride, err := strconv.Atoi(name[at+len("_os"):]); err == nil {
			name, opts = name[:at], append(opts, backbone.WithOutputStride(stride))
		}
	}
	config, err := backbone.Preset(name)
	if err != nil {
		return nil, err
	}
	net, err := backbone.New(config, opts...)
	if err != nil || !pyramid {
		return &subject{net: net}, err
	}
	p, err := fpn.New(net, fpn.TorchvisionDetection())
	if err != nil {
		return nil, err
	}
	s := &subject{net: p.Network}
	for _, level := range p.Levels() {
		s.wanted = append(s.wanted, string(level))
	}
	return s, nil
}

// segmenter is one of torchvision's, without its auxiliary head, which does
// nothing but in training. Its result is the logits at the input's size.
func segmenter(model string, opts []backbone.Option) (*subject, error) {
	head, trunk, _ := strings.Cut(model, "_")
	config, err := backbone.Preset(trunk)
	if err != nil {
		return nil, err
	}
	net, err := backbone.New(config, append(opts, backbone.WithOutputStride(8))...)
	if err != nil {
		return nil, err
	}
	s, err := segment.New(net, segment.Config{Head: segment.Head(head)})
	if err != nil {
		return nil, err
	}
	return &subject{net: s.Network, wanted: []string{"out"}}, nil
}

func (s *subject) load(file string) error {
	sd, err := weights.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = sd.Close() }()
	return s.net.Load(sd, backbone.IgnoreUnexpected("aux_classifier.**"))
}

// tune chooses the algorithms and tells in the log what it changed.
func (s *subject) tune(ctx context.Context, log io.Writer) error {
	changed, total := 0, 0
	err := s.net.Tune(ctx, backbone.TuneOptions{Input: s.x.Shape(), Nodes: s.wanted, Report: func(m backbone.Measurement) {
		total = m.Total
		if m.Algorithm != m.Model {
			changed++
			fmt.Fprintf(log, "%s: %s took %v, %s %v\n", m.Node, m.Algorithm, m.Times[m.Algorithm], m.Model, m.Times[m.Model])
		}
	}})
	if err == nil {
		fmt.Fprintf(log, "%d kinds of convolutions measured, %d algorithms changed\n", total, changed)
	}
	return err
}

// run computes the network once.
func (s *subject) run(ctx context.Context) ([]*ops.Tensor, error) {
	if len(s.wanted) == 0 {
		logits, err := s.net.Forward(ctx, s.x)
		return []*ops.Tensor{logits}, err
	}
	out, err := s.net.Run(ctx, s.x, s.wanted...)
	if err != nil {
		return nil, err
	}
	list := make([]*ops.Tensor, len(s.wanted))
	for i, name := range s.wanted {
		list[i] = out[name]
	}
	return list, nil
}

// fill makes an input that other languages can make too, to the last bit; the
// programs in peers do.
func fill(x []float32) {
	for i := range x {
		x[i] = float32(float64(i*7919%1021)/1021 - 0.5)
	}
}

// save writes results one after another.
func save(file string, results []*ops.Tensor) error {
	return weights.SaveFile(file, func(w io.Writer) error {
		for _, t := range results {
			if err := binary.Write(w, binary.LittleEndian, t.Data()); err != nil {
				return err
			}
		}
		return nil
	})
}
