package configs

import (
	"path/filepath"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Version is the schema's version that this package reads.
const Version = 1

// Config is a file.
type Config struct {
	// Version must be 1.
	Version int   `yaml:"version"`
	Model   Model `yaml:"model"`
	Input   Input `yaml:"input"`
	// Outputs are names of levels (C3) or nodes (layer3.0.conv2), or logits.
	// Default: logits, or the last level of a network without a classifier.
	Outputs []string `yaml:"outputs"`

	name string // of the file, for messages
	dir  string // that relative paths begin at
}

// Model is a network and its weights.
type Model struct {
	Backbone Backbone `yaml:"backbone"`
	Weights  Weights  `yaml:"weights"`
	Labels   Labels   `yaml:"labels"`
	// Threads a run uses. Default: all processors.
	Threads int `yaml:"threads"`
	// MemoryLimit bounds a run's activations: bytes, or a number with KiB, MiB
	// or GiB. Default: 4 GiB.
	MemoryLimit Bytes `yaml:"memory_limit"`
}

// Backbone is a preset of package backbone, fields that differ from it, or
// all fields. In the file the fields of backbone.Config are in snake case
// beside preset.
type Backbone struct {
	Preset string `yaml:"preset"`
	backbone.Config
	at position
}

// Weights says where a network's weights come from. In the file it may be a
// string, which is Source.
type Weights struct {
	// Source is a checkpoint's path, relative to the file, or the name of a
	// published one. Empty: seeded random weights.
	Source string `yaml:"source"`
	// AllowMissing and IgnoreUnexpected are globs, see package backbone.
	AllowMissing     []string `yaml:"allow_missing"`
	IgnoreUnexpected []string `yaml:"ignore_unexpected"`
	// ReplaceClassifier keeps the network's own classifier weights.
	ReplaceClassifier bool `yaml:"replace_classifier"`
}

// Labels names the classes: in the file a list, or a string that is the name
// of an embedded list (imagenet1k, voc21, coco91) or the path of a text file
// with a name a line. Default: those of the published checkpoint, else by the
// number of classes.
type Labels struct {
	Source string
	Names  []string
}

// Input is what is done to images.
type Input struct {
	// Preprocessing defaults to that of the published checkpoint, else to
	// ImageNet's, or CIFAR-10's for CIFAR networks.
	Preprocessing *Preprocessing `yaml:"preprocessing"`
}

// Preprocessing is torchvision's ImageClassification preset.
type Preprocessing struct {
	// Resize is the shorter side's length; 0 leaves the size.
	Resize int `yaml:"resize"`
	// Crop is the side of the square cut from the centre; 0 cuts nothing.
	Crop int `yaml:"crop"`
	// Mean and Std normalise red, green and blue.
	Mean []float64 `yaml:"mean"`
	Std  []float64 `yaml:"std"`
	// Interpolation is bilinear (the default), bicubic or nearest.
	Interpolation transform.Interpolation `yaml:"interpolation"`
}

// Bytes is an amount of memory.
type Bytes int64

// transform is the preset that the section describes; ImageNet's mean and
// deviation stand in for missing ones.
func (p *Preprocessing) transform() transform.Classification {
	tf := transform.ImageNet()
	tf.Resize, tf.Crop = p.Resize, p.Crop
	if p.Interpolation != "" {
		tf.Interpolation = p.Interpolation
	}
	for i := range min(3, len(p.Mean)) {
		tf.Mean[i] = float32(p.Mean[i])
	}
	for i := range min(3, len(p.Std)) {
		tf.Std[i] = float32(p.Std[i])
	}
	return tf
}

// SetWeights puts a checkpoint's path, relative to the working directory, or a
// published one's name in place of the file's.
func (c *Config) SetWeights(source string) {
	if path, err := filepath.Abs(source); err == nil && exists(path) {
		source = path
	}
	c.Model.Weights.Source = source
}
