package configs

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/heads/segment"
)

// Neck is a feature pyramid: fpn.Config.
type Neck struct {
	// Levels of the backbone, the finest first. Default: all.
	Levels []string `yaml:"levels" list:"nonempty,unique"`
	// Channels of every level. Default 256.
	Channels int `yaml:"channels" min:"1" max:"65536"`
	// Extra levels above the coarsest. Default: none.
	Extra fpn.Extra `yaml:"extra" enum:"max_pool,p6p7,p6p7_from_p5"`
	// Norm after every convolution. Default: none.
	Norm fpn.Norm `yaml:"norm" enum:"batch,group"`
	// Fuse is how levels join. Default sum.
	Fuse fpn.Fuse `yaml:"fuse" enum:"sum,avg"`
	// BottomUp adds PAN's upward path.
	BottomUp bool `yaml:"bottom_up"`
}

func (n *Neck) config() fpn.Config {
	c := fpn.Config{Channels: n.Channels, Extra: n.Extra, Norm: n.Norm, Fuse: n.Fuse, BottomUp: n.BottomUp}
	for _, l := range n.Levels {
		c.Levels = append(c.Levels, backbone.Level(l))
	}
	return c
}

// Detector is a detector of package detect.
type Detector struct {
	Kind string `yaml:"kind,required" enum:"fasterrcnn,fasterrcnn_c4,fasterrcnn_detectron2,fasterrcnn_v2,fcos,keypointrcnn,maskrcnn,maskrcnn_detectron2,maskrcnn_v2,retinanet,retinanet_v2"`
	// Classes, the background included. Default: COCO's 91, or 81 for
	// detectron2's; 2 for keypoints.
	Classes int `yaml:"classes" min:"2" max:"65536"`
	// Detections below ScoreThreshold are dropped; those that overlap a better
	// one of their class by more than NMSThreshold too. At most MaxDetections
	// are kept for an image. Defaults: torchvision's.
	ScoreThreshold float64 `yaml:"score_threshold" min:"0.000001" max:"1"`
	NMSThreshold   float64 `yaml:"nms_threshold" min:"0.000001" max:"1"`
	MaxDetections  int     `yaml:"max_detections" min:"1" max:"100000"`
	// MinSize is the length that an image's shorter side gets, unless the
	// longer one would exceed MaxSize, which is not below it. Defaults 800 and
	// 1333, or as far as the other one allows.
	MinSize int `yaml:"min_size" min:"1" max:"65536"`
	MaxSize int `yaml:"max_size" min:"1" max:"65536"`
}

func (x *Detector) options() []detect.Option {
	var list []detect.Option
	if x.Classes > 0 {
		list = append(list, detect.WithNumClasses(x.Classes))
	}
	if x.ScoreThreshold > 0 {
		list = append(list, detect.WithScoreThreshold(float32(x.ScoreThreshold)))
	}
	if x.NMSThreshold > 0 {
		list = append(list, detect.WithNMSThreshold(x.NMSThreshold))
	}
	if x.MaxDetections > 0 {
		list = append(list, detect.WithMaxDetections(x.MaxDetections))
	}
	if x.MinSize > 0 || x.MaxSize > 0 {
		most := orDefault(x.MaxSize, max(1333, x.MinSize))
		list = append(list, detect.WithMinMaxSize(orDefault(x.MinSize, min(800, most)), most))
	}
	return list
}

func (x *Detector) check(d *decoder, n *yaml.Node, path string) {
	if x.MinSize > 0 && x.MaxSize > 0 && x.MinSize > x.MaxSize {
		d.wrong(child(n, "max_size"), join(path, "max_size"), "expected at least min_size, %d", x.MinSize)
	}
}

// Segmenter is a head of package segment.
type Segmenter struct {
	Head segment.Head `yaml:"head,required" enum:"fcn,deeplabv3,deeplabv2,psp"`
	// Classes, the background included. Default 21, Pascal VOC's.
	Classes int `yaml:"classes" min:"1" max:"256"`
	// Auxiliary adds torchvision's second head, which its checkpoints have.
	Auxiliary bool `yaml:"auxiliary"`
	// Rates are DeepLab's dilations, Bins the sides of PSP's pooled maps.
	Rates []int `yaml:"rates" list:"nonempty" min:"1" max:"4096"`
	Bins  []int `yaml:"bins" list:"nonempty" min:"1" max:"4096"`
	// Level of the backbone that the head reads. Default: the coarsest.
	Level string `yaml:"level"`
}

func (x *Segmenter) config() segment.Config {
	return segment.Config{
		Head: x.Head, NumClasses: x.Classes, Auxiliary: x.Auxiliary, Rates: x.Rates, Bins: x.Bins, Level: backbone.Level(x.Level),
	}
}

// checkHeads reports sections that exclude each other.
func (m *Model) checkHeads(d *decoder, path string) {
	if m.Segmenter != nil && (m.Detector != nil || m.Neck != nil) {
		at := join(path, "segmenter")
		d.wrong(d.nodes[at], at, "excludes detector and neck: give one of them")
	}
}

// defaultOutputs are what a file asks for that says nothing.
func (m *Model) defaultOutputs() []string {
	switch {
	case m.Detector != nil:
		return []string{detections}
	case m.Segmenter != nil:
		return []string{"out"}
	case m.Neck != nil:
		return m.neckLevels()
	case m.Backbone.NoClassifier:
		return []string{m.lastLevel()}
	}
	return []string{"logits"}
}

// detections is the only output of a detector.
const detections = "detections"

func (m *Model) lastLevel() string { return "C" + string(rune('1'+len(m.Backbone.Blocks))) }

// neckLevels names the pyramid's levels.
func (m *Model) neckLevels() []string {
	levels := slices.Clone(m.Neck.Levels)
	if len(levels) == 0 {
		for i := range m.Backbone.Blocks {
			levels = append(levels, "C"+string(rune('2'+i)))
		}
	}
	for i, l := range levels {
		levels[i] = "P" + strings.TrimLeft(l, "Cc")
	}
	last := levels[len(levels)-1]
	extra := map[fpn.Extra]int{fpn.MaxPool: 1, fpn.P6P7: 2, fpn.P6P7FromP5: 2}[m.Neck.Extra]
	for i := range extra {
		levels = append(levels, "P"+string(rune(last[len(last)-1])+rune(i+1)))
	}
	return levels
}
