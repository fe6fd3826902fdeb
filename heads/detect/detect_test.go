package detect

import (
	"context"
	stdimage "image"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

var ctx = context.Background()

// pyramid is a small one of the kind's.
func pyramid(t *testing.T, kind string, channels int) *fpn.Pyramid {
	t.Helper()
	c := backbone.ResNet18()
	c.Blocks, c.Width, c.NoClassifier = []int{1, 1, 1, 1}, 8, true
	net, err := backbone.New(c)
	require.NoError(t, err)
	neck, _ := Neck(kind)
	neck.Channels = channels
	pyr, err := fpn.New(net, neck)
	require.NoError(t, err)
	return pyr
}

// An image.Image and the tensor of its pixels give the same detections.
func TestImagesAndTensors(t *testing.T) {
	d := small(t, "fcos")
	const w, h = 50, 40
	img := stdimage.NewNRGBA(stdimage.Rect(0, 0, w, h))
	x, err := ops.New(1, 3, h, w)
	require.NoError(t, err)
	for i := range w * h {
		c := color.NRGBA{uint8(i), uint8(i * i / 7), uint8(i / w * 6), 255}
		img.SetNRGBA(i%w, i/w, c)
		x.Data()[i], x.Data()[w*h+i], x.Data()[2*w*h+i] = float32(c.R)/255, float32(c.G)/255, float32(c.B)/255
	}
	fromImage, err := d.Detect(ctx, []stdimage.Image{img})
	require.NoError(t, err)
	fromTensor, err := d.DetectTensors(ctx, []*ops.Tensor{x})
	require.NoError(t, err)
	require.NotEmpty(t, fromImage[0])
	assert.Equal(t, fromTensor, fromImage)
	for _, det := range fromImage[0] {
		assert.True(t, det.Box.X1 >= 0 && det.Box.Y1 >= 0 && det.Box.X2 <= w+1e-3 && det.Box.Y2 <= h+1e-3, det.Box)
	}
}

// Network, pyramid and heads are one plan, in which maps are copied to the
// caller's layout and nothing else is.
func TestOnePlan(t *testing.T) {
	if !kernel.Blocked() {
		t.Skip("no blocked layouts here")
	}
	for kind, outputs := range map[string]int{"fasterrcnn": 5 + 5 + 4, "fasterrcnn_v2": 5 + 5 + 4, "retinanet": 5 + 5} {
		d, err := kinds[kind](pyramid(t, kind, 96))
		require.NoError(t, err)
		plan, err := d.Plan(2, 3, 128, 160)
		require.NoError(t, err)
		assert.Equal(t, outputs, strings.Count(plan.String(), "reorder"), "%s\n%v", kind, plan)
	}
}

func TestOptions(t *testing.T) {
	labels := []string{"background", "a", "b"}
	d, err := NewFCOS(pyramid(t, "fcos", 32), WithLabels(labels), WithScoreThreshold(0), WithMaxDetections(7), WithMinMaxSize(64, 96))
	require.NoError(t, err)
	assert.Equal(t, labels, d.Labels())
	assert.Equal(t, "fcos", d.Kind())
	list, err := d.DetectTensors(ctx, []*ops.Tensor{picture(t, "image0", 60, 80)})
	require.NoError(t, err)
	require.Len(t, list[0], 7)
	for _, det := range list[0] {
		assert.Equal(t, labels[det.Label], det.Name)
	}
	none, err := NewFCOS(pyramid(t, "fcos", 32), WithScoreThreshold(1), WithMinMaxSize(64, 96))
	require.NoError(t, err)
	list, err = none.DetectTensors(ctx, []*ops.Tensor{picture(t, "image0", 60, 80)})
	require.NoError(t, err)
	assert.Empty(t, list[0])
}

func TestBadOptions(t *testing.T) {
	nan := math.NaN()
	anchors := ops.AnchorGenerator{Sizes: [][]float32{{8}}, AspectRatios: [][]float32{{1}}}
	uneven := ops.AnchorGenerator{
		Sizes:        [][]float32{{8}, {8}, {8}, {8}, {8, 9}},
		AspectRatios: [][]float32{{1}, {1}, {1}, {1}, {1}},
	}
	for name, o := range map[string]Option{
		"classes":      WithNumClasses(1),
		"labels":       WithLabels(nil),
		"both":         func(s *settings) error { s.labels = []string{"a"}; return nil },
		"score":        WithScoreThreshold(float32(nan)),
		"nms":          WithNMSThreshold(2),
		"detections":   WithMaxDetections(0),
		"candidates":   WithCandidates(-1),
		"proposals":    WithProposals(0, 5),
		"many":         WithProposals(5, 1<<30),
		"rpn":          WithProposalThresholds(-1, 0),
		"size":         WithMinMaxSize(0, 5),
		"sizes":        WithMinMaxSize(800, 100),
		"std":          WithTransform(Transform{MinSize: 5, MaxSize: 5, SizeDivisible: 1}),
		"anchors":      WithAnchors(anchors),
		"uneven":       WithAnchors(uneven),
		"keypoints":    WithNumKeypoints(0),
		"box features": WithBoxFeatures(0),
	} {
		_, err := NewFasterRCNN(pyramid(t, "fasterrcnn", 8), o)
		assert.ErrorIs(t, err, ErrConfig, name)
	}
	_, err := Preset("fcos_resnet18_fpn", WithMinMaxSize(800, 100))
	assert.ErrorContains(t, err, "WithMinMaxSize(800, 100): transform: MinSize 800 is above MaxSize 100")
	_, err = NewFasterRCNN(nil)
	assert.ErrorIs(t, err, ErrConfig)
	_, err = NewFCOS(pyramid(t, "fcos", 40))
	assert.ErrorIs(t, err, ErrConfig, "40 channels in 32 groups")
	for _, name := range []string{"", "fasterrcnn", "ssd_resnet50_fpn", "fasterrcnn_vgg16_fpn", "fcos_resnet50_fpn_v2"} {
		_, err := Preset(name)
		assert.ErrorIs(t, err, ErrConfig, name)
	}
}

func TestBadImages(t *testing.T) {
	d, err := NewFCOS(pyramid(t, "fcos", 32), WithMinMaxSize(64, 96))
	require.NoError(t, err)
	grey, err := ops.New(1, 5, 5)
	require.NoError(t, err)
	thin, err := ops.New(3, 1, 5000)
	require.NoError(t, err)
	for name, images := range map[string][]*ops.Tensor{"none": {}, "nil": {nil}, "grey": {grey}, "thin": {thin}} {
		_, err := d.DetectTensors(ctx, images)
		assert.ErrorIs(t, err, ops.ErrShape, name)
	}
	_, err = d.Detect(ctx, []stdimage.Image{nil})
	assert.Error(t, err)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err = d.DetectTensors(stopped, []*ops.Tensor{picture(t, "image0", 60, 80)})
	assert.ErrorIs(t, err, context.Canceled)
}

// Networks that went wrong give NaN; detectors do not panic on it, and report
// nothing without a score.
func TestNaNWeights(t *testing.T) {
	for _, kind := range []string{"fasterrcnn", "retinanet", "fcos"} {
		d := small(t, kind)
		sd, err := d.StateDict()
		require.NoError(t, err)
		broken := weights.New()
		for _, name := range sd.Names() {
			p, _ := sd.Get(name)
			x, err := p.Tensor()
			require.NoError(t, err)
			if strings.HasSuffix(name, "layer_blocks.0.0.bias") {
				x = x.Clone()
				x.Data()[0] = float32(math.NaN())
			}
			require.NoError(t, broken.Put(name, x))
		}
		require.NoError(t, d.Load(broken))
		list, err := d.DetectTensors(ctx, []*ops.Tensor{picture(t, "image0", 60, 80)})
		require.NoError(t, err, kind)
		for _, det := range list[0] {
			assert.False(t, math.IsNaN(float64(det.Score)), kind)
		}
	}
}

// What StateDict writes is what Load reads, under torchvision's present keys
// and under its old ones.
func TestKeys(t *testing.T) {
	old := strings.NewReplacer(
		"rpn.head.conv.0.0.", "rpn.head.conv.", "mask_head.0.0.", "mask_head.mask_fcn1.", "mask_head.1.0.", "mask_head.mask_fcn2.",
		"mask_head.2.0.", "mask_head.mask_fcn3.", "mask_head.3.0.", "mask_head.mask_fcn4.",
		"head.conv.0.0.", "head.conv.0.", "head.conv.1.0.", "head.conv.2.", "head.conv.2.0.", "head.conv.4.", "head.conv.3.0.", "head.conv.6.",
		"inner_blocks.0.0.", "inner_blocks.0.", "layer_blocks.1.0.", "layer_blocks.1.",
	)
	for _, kind := range []string{"maskrcnn", "retinanet"} {
		d := small(t, kind)
		sd, err := d.StateDict()
		require.NoError(t, err)
		for _, rename := range []func(string) string{
			func(name string) string { return name }, old.Replace,
			func(name string) string { return "module." + name },
		} {
			view, err := sd.Map(func(name string) (string, bool) { return rename(name), true })
			require.NoError(t, err)
			fresh, err := kinds[kind](pyramid(t, kind, 96), WithNumClasses(7), WithBoxFeatures(64))
			require.NoError(t, err)
			require.NoError(t, fresh.Load(view))
			requireSameWeights(t, sd, fresh)
		}
	}
}

// requireSameWeights compares all weights of a detector, to the bit.
func requireSameWeights(t *testing.T, want *weights.StateDict, d *Detector) {
	t.Helper()
	got, err := d.StateDict()
	require.NoError(t, err)
	for _, name := range want.Names() {
		a, _ := want.Get(name)
		b, ok := got.Get(name)
		require.True(t, ok, name)
		require.Equal(t, a.Shape(), b.Shape(), name)
		x, err := a.Float32s()
		require.NoError(t, err)
		y, err := b.Float32s()
		require.NoError(t, err)
		require.True(t, slices.Equal(x, y), name)
	}
}

// detectron2Names are its names of what torchvision names otherwise.
var detectron2Names = []struct{ pattern, to string }{
	{`^backbone\.body\.(conv1|bn1)\.`, "backbone.bottom_up.stem.$1."},
	{`^backbone\.body\.layer1\.`, "backbone.bottom_up.res2."}, {`^backbone\.body\.layer2\.`, "backbone.bottom_up.res3."},
	{`^backbone\.body\.layer3\.`, "backbone.bottom_up.res4."}, {`^backbone\.body\.layer4\.`, "backbone.bottom_up.res5."},
	{`\.bn(\d)\.`, ".conv$1.norm."}, {`downsample\.0\.`, "shortcut."}, {`downsample\.1\.`, "shortcut.norm."},
	{`fpn\.inner_blocks\.0\.0`, "fpn_lateral2"}, {`fpn\.inner_blocks\.1\.0`, "fpn_lateral3"},
	{`fpn\.inner_blocks\.2\.0`, "fpn_lateral4"}, {`fpn\.inner_blocks\.3\.0`, "fpn_lateral5"},
	{`fpn\.layer_blocks\.0\.0`, "fpn_output2"}, {`fpn\.layer_blocks\.1\.0`, "fpn_output3"},
	{`fpn\.layer_blocks\.2\.0`, "fpn_output4"}, {`fpn\.layer_blocks\.3\.0`, "fpn_output5"},
	{`^rpn\.head\.conv\.0\.0\.`, "proposal_generator.rpn_head.conv."},
	{`^rpn\.head\.cls_logits`, "proposal_generator.rpn_head.objectness_logits"},
	{`^rpn\.head\.bbox_pred`, "proposal_generator.rpn_head.anchor_deltas"},
	{`box_head\.fc6`, "box_head.fc1"}, {`box_head\.fc7`, "box_head.fc2"},
	{`mask_head\.0\.0`, "mask_head.mask_fcn1"}, {`mask_head\.1\.0`, "mask_head.mask_fcn2"},
	{`mask_head\.2\.0`, "mask_head.mask_fcn3"}, {`mask_head\.3\.0`, "mask_head.mask_fcn4"},
	{`mask_predictor\.conv5_mask`, "mask_head.deconv"}, {`mask_predictor\.mask_fcn_logits`, "mask_head.predictor"},
}

// A checkpoint with detectron2's keys, order of classes and constants.
func TestDetectron2Keys(t *testing.T) {
	d := small(t, "maskrcnn_detectron2")
	sd, err := d.StateDict()
	require.NoError(t, err)
	view, err := sd.Map(func(name string) (string, bool) {
		for _, n := range detectron2Names {
			name = regexp.MustCompile(n.pattern).ReplaceAllString(name, n.to)
		}
		return name, true
	})
	require.NoError(t, err)
	for _, name := range []string{"pixel_mean", "pixel_std", "proposal_generator.anchor_generator.cell_anchors.0"} {
		x, err := ops.New(3)
		require.NoError(t, err)
		require.NoError(t, view.Put(name, x))
	}
	for name, shape := range map[string][]int{
		"roi_heads.box_predictor.cls_score.weight": {7, 64}, "roi_heads.box_predictor.bbox_pred.bias": {24},
		"roi_heads.mask_head.predictor.weight": {6, 256, 1, 1}, "backbone.bottom_up.res5.0.shortcut.norm.running_var": {256},
	} {
		p, ok := view.Get(name)
		require.True(t, ok, name)
		require.Equal(t, shape, p.Shape(), name)
	}
	fresh, err := New("maskrcnn_detectron2", d2Pyramid(t), WithNumClasses(7), WithBoxFeatures(64))
	require.NoError(t, err)
	require.NoError(t, fresh.Load(view))
	requireSameWeights(t, sd, fresh)
}

func d2Pyramid(t *testing.T) *fpn.Pyramid {
	t.Helper()
	c := backbone.ResNet50V1()
	c.Blocks, c.Width, c.NoClassifier = []int{1, 1, 1, 1}, 8, true
	net, err := backbone.New(c)
	require.NoError(t, err)
	neck, _ := Neck("maskrcnn_detectron2")
	neck.Channels = 96
	pyr, err := fpn.New(net, neck)
	require.NoError(t, err)
	return pyr
}

// detectron2 resizes 8-bit images with Pillow's filter, to rounded sizes, and
// gives the network blue first.
func TestDetectron2Transform(t *testing.T) {
	img, err := transform.Load(reftest.Testdata("images", "chelsea.png"))
	require.NoError(t, err)
	tf := Detectron2Transform()
	tf.MinSize, tf.MaxSize = 101, 150
	for from, to := range map[size]size{{300, 451}: {100, 150}, {451, 300}: {150, 100}, {300, 300}: {101, 101}, {1, 7}: {21, 150}, {1, 1000}: {0, 150}} {
		assert.Equal(t, to, tf.resized(from), from)
	}
	b, err := tf.images([]stdimage.Image{img})
	require.NoError(t, err)
	assert.Equal(t, []size{{300, 451}}, b.original)
	assert.Equal(t, []size{{100, 150}}, b.resized)
	assert.Equal(t, []int{1, 3, 128, 160}, b.x.Shape())
	small, err := transform.Resize(img, 150, 100, transform.Bilinear)
	require.NoError(t, err)
	at := func(channel, y, x int) float32 { return b.x.Data()[(channel*128+y)*160+x] }
	for _, p := range [][2]int{{0, 0}, {50, 75}, {99, 149}} {
		rgb := small.Row(p[0])[3*p[1]:]
		assert.InDelta(t, float32(rgb[2])-103.530, at(0, p[0], p[1]), 1e-3)
		assert.InDelta(t, float32(rgb[1])-116.280, at(1, p[0], p[1]), 1e-3)
		assert.InDelta(t, float32(rgb[0])-123.675, at(2, p[0], p[1]), 1e-3)
	}
	assert.Zero(t, at(0, 100, 0))
	d, err := New("fasterrcnn_detectron2", pyramid(t, "fasterrcnn", 8))
	require.NoError(t, err)
	assert.Equal(t, DefaultTransform().Std, d.settings.transform.Std, "a backbone that is not Caffe's")
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	d := small(t, "fcos")
	sd, err := d.StateDict()
	require.NoError(t, err)
	less, err := sd.Map(func(name string) (string, bool) {
		return strings.Replace(name, "bbox_ctrness", "centerness", 1), !strings.HasSuffix(name, "bbox_reg.bias")
	})
	require.NoError(t, err)
	err = d.Load(less)
	var wrong *backbone.LoadError
	require.ErrorAs(t, err, &wrong)
	assert.Len(t, wrong.Missing, 3)
	assert.Len(t, wrong.Unexpected, 2)
}

// Detectors serve several goroutines, and give each the same.
func TestConcurrentDetection(t *testing.T) {
	d := small(t, "fasterrcnn")
	images := []*ops.Tensor{picture(t, "image0", 60, 80)}
	want, err := d.DetectTensors(ctx, images)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := d.DetectTensors(ctx, images)
			assert.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
	wg.Wait()
}

// Close beside detections: those under way give what they give alone, later
// ones say that the detector is closed.
func TestCloseBesideDetection(t *testing.T) {
	images := []*ops.Tensor{picture(t, "image0", 60, 80)}
	want, err := small(t, "fasterrcnn").DetectTensors(ctx, images)
	require.NoError(t, err)
	d := small(t, "fasterrcnn")
	var wg sync.WaitGroup
	var done atomic.Int32
	for range 4 {
		wg.Go(func() {
			for {
				got, err := d.DetectTensors(ctx, images)
				if err != nil {
					assert.ErrorIs(t, err, backbone.ErrClosed)
					assert.ErrorContains(t, err, "fasterrcnn")
					return
				}
				assert.Equal(t, want, got)
				done.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return done.Load() > 2 }, 20*time.Second, time.Millisecond)
	require.NoError(t, d.Close())
	wg.Wait()
	require.NoError(t, d.Close(), "closing twice")
	_, err = d.StateDict()
	assert.ErrorIs(t, err, backbone.ErrClosed)
}

// best is the head of a stable sort.
func TestBest(t *testing.T) {
	for _, n := range []int{0, 1, 17, 100, 999, 1000, 5000} {
		list := make([]candidate, 1000)
		for i := range list {
			list[i] = candidate{float32((i * 7919) % 251), i}
		}
		list[400].score = float32(math.NaN())
		want := slices.Clone(list)
		slices.SortFunc(want, compare)
		require.Equal(t, float32(math.Inf(1)) > want[1].score, true)
		got := best(list, n)
		require.Len(t, got, min(n, len(list)))
		for i, c := range got {
			require.Equal(t, want[i].index, c.index, "%d of %d", i, n)
		}
	}
}

// torchvision's sizes, from its own transform.
func TestResizedSizes(t *testing.T) {
	tf := DefaultTransform()
	for from, to := range map[size]size{
		{300, 300}: {800, 800}, {427, 640}: {799, 1199}, {480, 640}: {800, 1066}, {375, 500}: {799, 1066},
		{100, 500}: {266, 1333}, {1080, 1920}: {749, 1333}, {3, 5}: {799, 1333},
	} {
		assert.Equal(t, to, tf.resized(from), from)
	}
}

// One pixel, and pictures far beyond the limits, are images like others; what
// would become thinner than a pixel is an error.
func TestExtremeImages(t *testing.T) {
	for _, kind := range []string{"fasterrcnn", "fcos", "fasterrcnn_c4", "fasterrcnn_detectron2"} {
		d := small(t, kind)
		for _, s := range [][2]int{{1, 1}, {3, 2}, {7200, 5}, {7200, 300}} { // MaxSize is 144
			x, err := ops.New(3, s[0], s[1])
			require.NoError(t, err)
			list, err := d.DetectTensors(ctx, []*ops.Tensor{x, picture(t, "image0", 60, 80)})
			if s[1] == 5 {
				assert.ErrorIs(t, err, ops.ErrShape, kind)
				assert.ErrorContains(t, err, "image 0 of 5x7200 would become 0x14", kind)
				continue
			}
			require.NoError(t, err, "%s %v", kind, s)
			require.Len(t, list, 2)
			for _, det := range list[0] {
				b := det.Box
				assert.True(t, b.X1 >= 0 && b.Y1 >= 0 && b.X2 <= float32(s[1])*1.001 && b.Y2 <= float32(s[0])*1.001, "%s %v: %v", kind, s, b)
			}
			assert.NotEmpty(t, list[1], kind)
		}
	}
}

// A checkpoint of other classes is refused with both shapes.
func TestOtherClasses(t *testing.T) {
	for _, kind := range []string{"maskrcnn", "retinanet", "maskrcnn_detectron2"} {
		sd, err := small(t, kind).StateDict()
		require.NoError(t, err)
		pyr := pyramid(t, kind, 96)
		if kind == "maskrcnn_detectron2" {
			pyr = d2Pyramid(t)
		}
		d, err := New(kind, pyr, WithNumClasses(5), WithBoxFeatures(64))
		require.NoError(t, err)
		err = d.Load(sd)
		assert.ErrorIs(t, err, weights.ErrWeights, kind)
		assert.ErrorContains(t, err, "misshapen")
		assert.ErrorContains(t, err, "the checkpoint has 7 classes and the detector 5, the background included: make it WithNumClasses(7), or WithLabels of as many")
		d, err = New(kind, pyr, WithLabels([]string{"background", "nut", "bolt"}), WithBoxFeatures(64))
		require.NoError(t, err)
		assert.ErrorContains(t, d.Load(sd), "the checkpoint has 7 classes and the detector 3, the background included, as many as WithLabels names: give it 7 names")
	}
}
