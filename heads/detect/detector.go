package detect

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// Detector finds objects in images. It is safe for concurrent use.
type Detector struct {
	kind     string
	settings settings
	net      *backbone.Network
	adapters map[string]adapter
	// inBoxHead is how the names of parameters begin that torchvision has in
	// the box head, empty for none.
	inBoxHead string
	// find does what follows the transform: the network, and the choice of
	// boxes, in the network's pixels.
	find func(ctx context.Context, b *batch) ([][]found, error)
	// outputs are the nodes that find computes from the images.
	outputs func() []*graph.Node
	life    life
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

// newDetector adds heads to levels of a network: one graph, with inputs of
// their own for the heads that see regions. build may be called again.
func newDetector(kind string, net *backbone.Network, levels []backbone.Level, s settings, build func(*builder) error) (*Detector, error) {
	d := &Detector{kind: kind, settings: s}
	var err error
	d.net, err = net.Extend(backbone.Extension{
		Name: kind,
		Build: func(bb *backbone.Builder) error {
			b := &builder{g: bb.Graph, adapters: map[string]adapter{}}
			for _, l := range levels {
				b.levels = append(b.levels, bb.Levels[l])
			}
			d.adapters = b.adapters
			return build(b)
		},
		Keys:  d.keys,
		Plans: maxPlans,
	})
	return d, err
}

// run computes nodes from an input: images, or what the regions' heads see.
func (d *Detector) run(ctx context.Context, x *ops.Tensor, nodes ...*graph.Node) ([]*ops.Tensor, error) {
	names := nodeNames(nodes)
	byName, err := d.net.Run(ctx, x, names...)
	if err != nil {
		return nil, err
	}
	out := make([]*ops.Tensor, len(nodes))
	for i, name := range names {
		out[i] = byName[name]
	}
	return out, nil
}

func nodeNames(nodes []*graph.Node) []string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Name
	}
	return names
}

// Plan shows the plan for a batch of prepared images, N×3×H×W: the network and
// all heads that see whole images, in one. Heads that see regions have plans of
// their own.
func (d *Detector) Plan(input ...int) (*backbone.Plan, error) {
	return d.net.Plan(input, nodeNames(d.outputs())...)
}

// Kind is the detector's kind in torchvision's words: fasterrcnn, retinanet …
func (d *Detector) Kind() string { return d.kind }

// Labels names the classes, class 0 first; nil where they have no names.
func (d *Detector) Labels() []string { return slices.Clone(d.settings.labels) }

// Detect finds the objects in images of any sizes, which make one batch. It
// returns each image's, by falling score, with boxes in its own pixels. Errors
// about images wrap transform.ErrImage or ops.ErrShape.
func (d *Detector) Detect(ctx context.Context, images []image.Image) ([][]Detection, error) {
	b, err := d.settings.transform.images(images)
	if err != nil {
		return nil, err
	}
	return d.detect(ctx, b)
}

// DetectTensors is Detect for tensors of 3×H×W or 1×3×H×W, RGB of 0 to 1, which
// is what torchvision's detectors take. NaN or an infinity among them is an
// error that wraps ops.ErrNonFinite and says where.
func (d *Detector) DetectTensors(ctx context.Context, images []*ops.Tensor) ([][]Detection, error) {
	b, err := d.settings.transform.tensors(images)
	if err != nil {
		return nil, err
	}
	return d.detect(ctx, b)
}

func (d *Detector) detect(ctx context.Context, b *batch) ([][]Detection, error) {
	if err := d.begin(); err != nil {
		return nil, err
	}
	defer d.end()
	if err := b.x.CheckFinite(); err != nil {
		return nil, errors.WithMessage(err, d.kind+": the input")
	}
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
		det.Mask = &Mask{Probabilities: o.mask, Box: det.Box, Width: s.w, Height: s.h, aligned: d.settings.aligned}
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
	err := d.net.Load(sd, opts...)
	var wrong *backbone.LoadError
	if errors.As(err, &wrong) {
		if n := countClasses(sd); n != 0 && n != d.settings.classes {
			wrong.Hint = d.settings.classesHint(n)
		}
	}
	return err
}

// classesHint says how to fit a checkpoint of n classes.
func (s *settings) classesHint(n int) string {
	text := fmt.Sprintf("the checkpoint has %d classes and the detector %d, the background included", n, s.classes)
	if s.counted == "WithLabels" {
		return text + fmt.Sprintf(", as many as WithLabels names: give it %d names, the checkpoint's", n)
	}
	return text + fmt.Sprintf(": make it WithNumClasses(%d), or WithLabels of as many", n)
}

// StateDict returns the weights under torchvision's keys, in its shapes. They
// must not be changed.
func (d *Detector) StateDict() (*weights.StateDict, error) {
	own, err := d.net.StateDict()
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
		if err := sd.Put(d.torchvisionKey(name), x); err != nil {
			return nil, err
		}
	}
	return sd, nil
}

// NumParams counts the trainable parameters, as torchvision publishes them.
func (d *Detector) NumParams() int64 {
	sum := d.net.NumParams()
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
func (d *Detector) Nodes() []string { return d.net.Nodes() }

// Hook calls fn with the output of every module that the pattern matches, as
// backbone.Network.Hook does. Fully connected layers on regions show as
// 1×C×1×K for K regions, transposed convolutions as N×(C·s²)×H×W before their
// outputs are interleaved, and the last of K may be padding.
func (d *Detector) Hook(pattern string, fn backbone.HookFunc) (*backbone.Hook, error) {
	return d.net.Hook(pattern, fn)
}
