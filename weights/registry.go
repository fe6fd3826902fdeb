package weights

import (
	"embed"
	"encoding/json"
	"maps"
	"path"
	"strings"
	"sync"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Checkpoint is one published set of trained weights: where it is, what it
// scores and how images must be prepared for it.
type Checkpoint struct {
	// Model is the network by torchvision's name, such as "resnet50"; by that of
	// package detect's Preset for detectron2's.
	Model string `json:"model"`
	// Tag tells a model's checkpoints apart, such as "IMAGENET1K_V2".
	Tag string `json:"tag"`
	// Alias is what the publisher calls it where that is not Model and Tag:
	// "COCO-Detection/faster_rcnn_R_50_FPN_3x".
	Alias string `json:"alias"`
	// Default marks the one that torchvision calls the model's DEFAULT: the
	// newest.
	Default bool `json:"default"`
	// URL is where the publisher keeps the file.
	URL string `json:"url"`
	// SHA256Prefix is how the file's SHA-256 begins, in lower-case hex; empty
	// where the publisher promises none.
	SHA256Prefix string `json:"sha256_prefix"`
	// NumParams counts the trained parameters; the file holds the
	// normalisations' statistics besides.
	NumParams int64 `json:"num_params"`
	// Metrics holds, by data set and then by measure, what the publisher
	// measured: percent, such as Metrics["ImageNet-1K"]["acc@1"].
	Metrics map[string]map[string]float64 `json:"metrics"`
	// Preprocessing is what those measurements did to images.
	Preprocessing Preprocessing `json:"preprocessing"`
	// Recipe is the address of how it was trained.
	Recipe string `json:"recipe"`
	// Attribution says where these facts come from and under which licence.
	Attribution string `json:"-"`

	// CategoryList names the list of classes: "imagenet1k", "coco91", "coco81",
	// "coco_person" or "voc21". Categories gives the list itself.
	CategoryList string `json:"categories"`
	// KeypointList is "coco_person_keypoints", or empty where the network
	// finds none. Keypoints gives the list itself.
	KeypointList string `json:"keypoints"`
}

// Preprocessing turns an RGB image into a network's input, in this order:
// resize, crop, scale to 0..1, normalise, pad.
type Preprocessing struct {
	// Resize is the length in pixels that the shorter side gets.
	Resize int `json:"resize"`
	// MaxSize bounds the longer side; where it binds, the shorter side becomes
	// less than Resize. 0 is no bound.
	MaxSize int `json:"max_size"`
	// Crop is the side in pixels of the square cut from the centre; 0 is none.
	Crop int `json:"crop"`
	// Mean and Std normalise each of the channels R, G, B: (x-Mean)/Std.
	Mean [3]float32 `json:"mean"`
	Std  [3]float32 `json:"std"`
	// PadTo is the number that both sides are padded to a multiple of, with
	// zeros at the right and the bottom; 0 is none.
	PadTo int `json:"pad_to"`
	// Interpolation is how resizing samples: "bilinear".
	Interpolation string `json:"interpolation"`
	// Antialias widens the filter when resizing shrinks, as Pillow does.
	Antialias bool `json:"antialias"`
}

// registryJSON is torchvision's checkpoints, detectron2JSON those of
// detectron2's model zoo.
//
//go:embed registry.json
var registryJSON []byte

//go:embed registry_detectron2.json
var detectron2JSON []byte

//go:embed labels/*.txt
var labelFiles embed.FS

// registry is the embedded lists, in their publishers' order. Callers get
// clones.
var registry = sync.OnceValue(func() []Checkpoint {
	var all []Checkpoint
	for _, text := range [][]byte{registryJSON, detectron2JSON} {
		list, err := parseRegistry(text)
		if err != nil {
			panic("weights: the embedded registry: " + err.Error()) // a test parses the same bytes
		}
		all = append(all, list...)
	}
	return all
})

func parseRegistry(text []byte) ([]Checkpoint, error) {
	var file struct {
		Attribution string
		Checkpoints []Checkpoint
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	for i := range file.Checkpoints {
		file.Checkpoints[i].Attribution = file.Attribution
	}
	return file.Checkpoints, nil
}

// Published lists the checkpoints that torchvision 0.14.1 publishes for
// networks of the residual family, classifiers, detectors and segmenters, in
// torchvision's order, and then Faster and Mask R-CNN with feature pyramids of
// detectron2's model zoo.
func Published() []Checkpoint {
	list := make([]Checkpoint, len(registry()))
	for i, c := range registry() {
		list[i] = c.clone()
	}
	return list
}

func (c Checkpoint) clone() Checkpoint {
	c.Metrics = maps.Clone(c.Metrics)
	for dataset, scores := range c.Metrics {
		c.Metrics[dataset] = maps.Clone(scores)
	}
	return c
}

// Name is the checkpoint's name here, such as "resnet50/IMAGENET1K_V2".
func (c *Checkpoint) Name() string { return c.Model + "/" + c.Tag }

// File is the name of the checkpoint's file, without a folder.
func (c *Checkpoint) File() string { return path.Base(c.URL) }

// Categories names the classes in the order of the network's outputs. Where
// class 0 is the background, it is there under torchvision's name for it.
func (c *Checkpoint) Categories() []string { return labels(c.CategoryList) }

// Keypoints names the keypoints in the order of the network's outputs; nil
// where the network finds none.
func (c *Checkpoint) Keypoints() []string { return labels(c.KeypointList) }

// Labels returns a list of classes by its name ("imagenet1k", "coco91",
// "coco81", which is coco91 without the unused numbers, "coco_person", "coco_person_keypoints", "voc21"); nil if there is none.
func Labels(list string) []string { return labels(list) }

// Transform is the preprocessing of a classifier.
func (c *Checkpoint) Transform() transform.Classification {
	p := c.Preprocessing
	return transform.Classification{
		Resize: p.Resize, Crop: p.Crop, Mean: p.Mean, Std: p.Std,
		Interpolation: transform.Interpolation(p.Interpolation),
	}
}

// labels reads an embedded list; nil if there is none of that name.
func labels(list string) []string {
	text, err := labelFiles.ReadFile("labels/" + list + ".txt")
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}
