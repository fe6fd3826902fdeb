package detect

import (
	"context"
	"hash/fnv"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/model"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// Detector finds objects in images. It is safe for concurrent use.
type Detector struct {
	kind     string
	settings settings
	model    *model.Model
	adapters map[string]adapter
	// find does what follows the transform: the network, and the choice of
	// boxes, in the network's pixels.
	find func(ctx context.Context, b *batch) ([][]found, error)
}

// found is a detection in the pixels of the resized image.
type found struct {
	box       ops.Box
	label     int
	score     float32
	mask      *ops.Tensor
	keypoints []ops.Keypoint
}

// maxPlans is enough for the sizes of region batches and a few sizes of
// images.
const maxPlans = 24

// newDetector finishes a builder's graph. Until Load the backbone has net's
// weights and the rest seeded random ones.
func newDetector(kind string, b *builder, net *backbone.Network, s settings) (*Detector, error) {
	body, err := net.StateDict()
	if err != nil {
		return nil, err
	}
	d := &Detector{kind: kind, settings: s, adapters: b.adapters}
	d.model = model.New(model.Spec{
		Graph:     b.g,
		Canonical: func(name string) string { return name },
		Keys:      d.keys,
		Plans:     maxPlans,
		Init:      func(n *graph.Node, p graph.Param, dst []float32) { initialise(body, n, p, dst) },
		Options:   s.run,
	})
	return d, nil
}

// initialise gives a parameter its value before any checkpoint: the backbone's
// own, for heads N(0, 0.01) and for the rest a uniform distribution that keeps
// the signal's variance. Biases are zero but for that of one-stage
// classifiers, which say "background" at first (Lin et al., "Focal Loss").
func initialise(body *weights.StateDict, n *graph.Node, p graph.Param, dst []float32) {
	key := n.ParamKey(p)
	if name, ok := strings.CutPrefix(key, bodyPrefix); ok {
		if t, ok := body.Get(name); ok && t.ReadFloat32(dst) == nil {
			return
		}
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	rng := rand.New(rand.NewPCG(0, h.Sum64()))
	op, _ := n.Op.(graph.Conv)
	switch {
	case p.Role == graph.RoleScale || p.Role == graph.RoleVar:
		fill(dst, func() float32 { return 1 })
	case key == "head.classification_head.cls_logits.bias":
		fill(dst, func() float32 { return -float32(math.Log(99)) })
	case p.Role != graph.RoleWeight:
	case strings.HasPrefix(key, "rpn.") || strings.HasPrefix(key, "head."):
		fill(dst, func() float32 { return float32(0.01 * rng.NormFloat64()) })
	default:
		bound := math.Sqrt(3 / float64(op.In*op.Kernel[0]*op.Kernel[1]))
		fill(dst, func() float32 { return float32((2*rng.Float64() - 1) * bound) })
	}
}

func fill(dst []float32, value func() float32) {
	for i := range dst {
		dst[i] = value()
	}
}

// Kind is the detector's kind in torchvision's words: fasterrcnn, retinanet …
func (d *Detector) Kind() string { return d.kind }

// Labels names the classes, class 0 first; nil where they have no names.
func (d *Detector) Labels() []string { return slices.Clone(d.settings.labels) }

// Detect finds the objects in images of any sizes, which make one batch. It
// returns each image's, by falling score.
func (d *Detector) Detect(ctx context.Context, images []image.Image) ([][]Detection, error) {
	b, err := d.settings.transform.images(images)
	if err != nil {
		return nil, err
	}
	return d.detect(ctx, b)
}

// DetectTensors is Detect for tensors of 3×H×W or 1×3×H×W, RGB of 0 to 1, which
// is what torchvision's detectors take.
func (d *Detector) DetectTensors(ctx context.Context, images []*ops.Tensor) ([][]Detection, error) {
	b, err := d.settings.transform.tensors(images)
	if err != nil {
		return nil, err
	}
	return d.detect(ctx, b)
}

func (d *Detector) detect(ctx context.Context, b *batch) ([][]Detection, error) {
	objects, err := d.find(ctx, b)
	if err != nil {
		return nil, errors.WithMessage(err, d.kind)
	}
	list := make([][]Detection, len(objects))
	for i, ofImage := range objects {
		sx, sy := b.scale(i)
		list[i] = make([]Detection, len(ofImage))
		for k, o := range ofImage {
			list[i][k] = d.detection(o, b.original[i], sx, sy)
		}
	}
	return list, nil
}

// detection maps an object back to the caller's image.
func (d *Detector) detection(o found, s size, sx, sy float32) Detection {
	det := Detection{Box: o.box.Scale(sx, sy), Label: o.label, Score: o.score}
	if o.label < len(d.settings.labels) {
		det.Name = d.settings.labels[o.label]
	}
	if o.mask != nil {
		det.Mask = &Mask{Probabilities: o.mask, Box: det.Box, Width: s.w, Height: s.h}
	}
	for _, p := range o.keypoints {
		det.Keypoints = append(det.Keypoints, ops.Keypoint{X: p.X * sx, Y: p.Y * sy, Score: p.Score})
	}
	return det
}

// Load takes the weights from a checkpoint with torchvision's keys, those of
// its older versions included. Loading is strict: anything missing, unexpected
// or misshapen, all of it at once, is a *backbone.LoadError, and the detector
// keeps the weights it had.
func (d *Detector) Load(sd *weights.StateDict, opts ...backbone.LoadOption) error {
	return d.model.Load(sd, opts...)
}

// StateDict returns the weights under torchvision's keys, in its shapes. They
// must not be changed.
func (d *Detector) StateDict() (*weights.StateDict, error) {
	own, err := d.model.StateDict()
	if err != nil {
		return nil, err
	}
	sd := weights.New()
	for _, name := range own.Names() {
		t, _ := own.Get(name)
		x, err := t.Tensor()
		if err != nil {
			return nil, err
		}
		if a, ok := d.adapters[name]; ok {
			if x, err = ops.FromSlice(a.backs(x.Data()), a.torch...); err != nil {
				return nil, err
			}
		}
		if err := sd.Put(name, x); err != nil {
			return nil, err
		}
	}
	return sd, nil
}

// NumParams counts the trainable parameters, as torchvision publishes them.
func (d *Detector) NumParams() int64 {
	sum := d.model.NumParams()
	for _, a := range d.adapters {
		sum += elements(a.torch) - elements(a.own)
	}
	return sum
}

func elements(shape []int) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= int64(d)
	}
	return n
}

// Nodes lists the names of everything that Hook takes, in the order of
// execution.
func (d *Detector) Nodes() []string { return d.model.Names() }

// Hook calls fn with the output of every module that the pattern matches, as
// backbone.Network.Hook does. Fully connected layers on regions show as
// 1×C×1×K for K regions, transposed convolutions as N×(C·s²)×H×W before their
// outputs are interleaved, and the last of K may be padding.
func (d *Detector) Hook(pattern string, fn backbone.HookFunc) (*backbone.Hook, error) {
	h, err := d.model.AddHook(pattern, false, fn)
	return h, errors.WithMessage(err, d.kind)
}
