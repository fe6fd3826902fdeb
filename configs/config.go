package configs

import (
	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Config is a file. Load and Parse make one; its fields may then be changed.
type Config struct {
	// Version is the schema's version.
	Version int `yaml:"version,required" min:"1" max:"1"`
	// Include is a shipped configuration whose keys hold where the file has
	// none. After reading they are part of this one.
	Include string `yaml:"include"`
	Model   Model  `yaml:"model,required"`
	Input   Input  `yaml:"input"`
	// Outputs are names of levels (C3, P3) or nodes (layer3.0.conv2), or logits.
	// Default: logits; the last level of a network without a classifier, all
	// levels of a neck, out of a segmenter. A detector has detections alone.
	Outputs []string `yaml:"outputs" list:"nonempty,unique"`
	// Pipeline is what package video does with the model. Default: nothing.
	Pipeline *Pipeline `yaml:"pipeline"`

	name  string                // of the file, for messages
	dir   string                // that relative paths begin at
	nodes map[string]*yaml.Node // what the file says, by path, for messages
	files map[*yaml.Node]string // what does not stand in the file itself
}

// Model is a network and its weights.
type Model struct {
	Backbone Backbone `yaml:"backbone,required"`
	// Neck is a feature pyramid on the backbone. A detector brings its own
	// unless it is told here.
	Neck *Neck `yaml:"neck"`
	// Detector and Segmenter exclude each other.
	Detector  *Detector  `yaml:"detector"`
	Segmenter *Segmenter `yaml:"segmenter"`
	Weights   Weights    `yaml:"weights"`
	Labels    Labels     `yaml:"labels"`
	// Threads a run uses. Default: all processors.
	Threads int `yaml:"threads" min:"1" max:"1024"`
	// MemoryLimit bounds the weights, as they were loaded and packed, with a run's
	// activations: bytes, or a number with KiB, MiB or GiB. Default: 4 GiB.
	MemoryLimit Bytes `yaml:"memory_limit"`
}

// Backbone is a preset of package backbone, fields that differ from it, or
// all fields. In the file the fields of backbone.Config are in snake case
// beside preset; a string is a preset alone.
type Backbone struct {
	Preset string `yaml:"preset"`
	backbone.Config
}

// Weights says where a network's weights come from. In the file it may be a
// string, which is Source.
type Weights struct {
	// Source is the name of a published checkpoint, as weights.Lookup knows
	// them, and anything else a checkpoint's path, relative to the file's
	// folder: ./resnet50 is a file of that name. Empty: seeded random weights.
	Source string `yaml:"source,required"`
	// Under chooses among several networks in a file: the key of one, such as
	// teacher, or keys joined by dots. Default: there is one, whatever its key.
	Under string `yaml:"under"`
	// AllowMissing and IgnoreUnexpected are globs, see package backbone.
	AllowMissing     []string `yaml:"allow_missing"`
	IgnoreUnexpected []string `yaml:"ignore_unexpected"`
	// ReplaceClassifier keeps the network's own classifier weights.
	ReplaceClassifier bool `yaml:"replace_classifier"`
	// AdaptInputChannels makes a stem for the backbone's in_channels of one for
	// three.
	AdaptInputChannels bool `yaml:"adapt_input_channels"`
}

// Labels names the classes. In the file it is a list, which is Names, or a
// string, which is Source. Default: those of the published checkpoint, else
// what goes by convention with the number of classes.
type Labels struct {
	// Source is the name of an embedded list (imagenet1k, voc21, coco91), and
	// anything else the path of a text file with a name a line, relative to
	// the file's folder.
	Source string
	// Names are the classes in the order of the logits.
	Names []string
}

// Input is what is done to images.
type Input struct {
	// Preprocessing defaults to that of the published checkpoint, else to
	// ImageNet's, or CIFAR-10's for CIFAR networks.
	Preprocessing *Preprocessing `yaml:"preprocessing"`
}

// Preprocessing is torchvision's ImageClassification preset.
type Preprocessing struct {
	// Resize is the shorter side's length; 0 leaves the size. Default 0.
	Resize int `yaml:"resize" min:"0" max:"65536"`
	// Crop is the side of the square cut from the centre; 0 cuts nothing.
	// Default 0.
	Crop int `yaml:"crop" min:"0" max:"65536"`
	// Mean and Std normalise red, green and blue, which are 0 to 1. Default:
	// ImageNet's.
	Mean [3]float64 `yaml:"mean" min:"-1000" max:"1000"`
	Std  [3]float64 `yaml:"std" min:"1e-6" max:"1000"`
	// Interpolation is how resizing samples. Default bilinear.
	Interpolation transform.Interpolation `yaml:"interpolation" enum:"bilinear,bicubic,nearest"`
}

// defaultPreprocessing has what a section gets for the keys it lacks.
func defaultPreprocessing() Preprocessing {
	return Preprocessing{
		Mean:          [3]float64{0.485, 0.456, 0.406},
		Std:           [3]float64{0.229, 0.224, 0.225},
		Interpolation: transform.Bilinear,
	}
}

func (p *Preprocessing) transform() transform.Classification {
	tf := transform.Classification{Resize: p.Resize, Crop: p.Crop, Interpolation: p.Interpolation}
	for i := range 3 {
		tf.Mean[i], tf.Std[i] = float32(p.Mean[i]), float32(p.Std[i])
	}
	return tf
}

// Bytes is an amount of memory.
type Bytes int64
