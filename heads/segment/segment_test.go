package segment_test

import (
	"context"
	"image"
	"image/color"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/internal/reftest/nets"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

var ctx = context.Background()

func thin(t *testing.T, c segment.Config) *segment.Segmenter {
	t.Helper()
	cfg := backbone.ResNet18()
	cfg.WidthMultiplier = 0.25
	net, err := backbone.New(cfg)
	require.NoError(t, err)
	seg, err := segment.New(net, c)
	require.NoError(t, err)
	return seg
}

// Backbone and head are one plan, in which only what the caller gets and the
// pooled vector change their layout.
func TestOnePlan(t *testing.T) {
	if !kernel.Blocked() {
		t.Skip("no blocked layouts here")
	}
	for head, reorders := range map[segment.Head]int{segment.FCN: 1, segment.DeepLabV3: 2, segment.DeepLabV2: 1, segment.PSP: 2} {
		plan, err := thin(t, segment.Config{Head: head}).Plan([]int{1, 3, 97, 129}, "out")
		require.NoError(t, err)
		assert.LessOrEqual(t, strings.Count(plan.String(), "reorder"), reorders, "%s\n%v", head, plan)
	}
}

// Classify is the argmax of Logits.
func TestClassify(t *testing.T) {
	for _, head := range []segment.Head{segment.FCN, segment.DeepLabV2} {
		seg := thin(t, segment.Config{Head: head, NumClasses: 7})
		nets.Fill(t, seg.Network)
		x := nets.Input(t, 2, 3, 75, 61)
		logits, err := seg.Logits(ctx, x)
		require.NoError(t, err)
		maps, err := seg.Classify(ctx, x)
		require.NoError(t, err)
		require.Len(t, maps, 2)
		plane, differ := 75*61, 0
		for n, m := range maps {
			require.Equal(t, image.Rect(0, 0, 61, 75), m.Rect)
			sum := 0
			for _, c := range m.Counts() {
				sum += c
			}
			require.Equal(t, plane, sum)
			for i, class := range m.Pix {
				got := logits.Data()[(n*7+int(class))*plane+i]
				for c := range 7 {
					if logits.Data()[(n*7+c)*plane+i] > got+1e-5 {
						differ++
					}
				}
			}
		}
		assert.Zero(t, differ, head)
	}
}

// Classify refuses values that are no numbers; Logits computes with them.
func TestNonFiniteInputs(t *testing.T) {
	seg := thin(t, segment.Config{Head: segment.FCN, NumClasses: 7})
	x := nets.Input(t, 1, 3, 64, 64)
	x.Data()[64*64+3] = float32(math.NaN())
	for name, f := range map[string]func() error{
		"Classify":   func() error { _, err := seg.Classify(ctx, x); return err },
		"ClassifyTo": func() error { _, err := seg.ClassifyTo(ctx, x, 30, 20); return err },
	} {
		require.ErrorIs(t, f(), ops.ErrNonFinite, name)
		assert.ErrorContains(t, f(), "segment: the input: the value at image 0, channel 1, y 0, x 3 is NaN", name)
	}
	seg.Transform.Mean[2] = float32(math.NaN())
	_, err := seg.Segment(ctx, image.NewGray(image.Rect(0, 0, 9, 9)))
	assert.ErrorIs(t, err, ops.ErrNonFinite)
	y, err := seg.Logits(ctx, x)
	require.NoError(t, err)
	assert.ErrorIs(t, y.CheckFinite(), ops.ErrNonFinite)
}

// Classify holds a row of the logits for each worker, not the map.
func TestClassifyHoldsNoLogits(t *testing.T) {
	const classes, side = 150, 256
	seg := thin(t, segment.Config{Head: segment.FCN, NumClasses: classes})
	x := nets.Input(t, 1, 3, side, side)
	_, err := seg.Classify(ctx, x)
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = seg.Classify(ctx, x)
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*classes*side*side/8), "an eighth of what the logits take")
}

// A checkpoint of other classes is refused with a hint.
func TestOtherClasses(t *testing.T) {
	sd, err := thin(t, segment.Config{Head: segment.FCN, NumClasses: 4}).StateDict()
	require.NoError(t, err)
	err = thin(t, segment.Config{Head: segment.FCN}).Load(sd)
	assert.ErrorIs(t, err, weights.ErrWeights)
	assert.ErrorContains(t, err, "the checkpoint has 4 classes and the head 21, the background included: change its Config.NumClasses")
}

// A photograph's map has the photograph's size.
func TestSegment(t *testing.T) {
	seg := thin(t, segment.Config{Head: segment.FCN})
	assert.Equal(t, "aeroplane", seg.Labels[1])
	img, err := transform.Load(reftest.Testdata("images", "chelsea.png"))
	require.NoError(t, err)
	seg.Transform.Resize = 96
	m, err := seg.Segment(ctx, img)
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 451, 300), m.Rect)
	assert.Equal(t, "__background__", m.Label(0))
	assert.Equal(t, "99", m.Label(99))
	_, err = seg.Segment(ctx, nil)
	assert.ErrorIs(t, err, transform.ErrImage)
	tiny, err := transform.NewRGB(1, 1)
	require.NoError(t, err)
	m, err = seg.Segment(ctx, tiny)
	require.NoError(t, err)
	assert.Len(t, m.Pix, 1)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = seg.Segment(cancelled, img)
	assert.ErrorIs(t, err, context.Canceled)
}

// The first colours of Pascal VOC's development kit.
func TestPalette(t *testing.T) {
	p := segment.Palette(300)
	require.Len(t, p, 256)
	for class, want := range map[int]color.RGBA{0: {0, 0, 0, 255}, 1: {128, 0, 0, 255}, 2: {0, 128, 0, 255}, 8: {64, 0, 0, 255}, 15: {192, 128, 128, 255}, 20: {0, 64, 128, 255}, 255: {224, 224, 192, 255}} {
		assert.Equal(t, want, p[class], class)
	}
}

func TestOverlay(t *testing.T) {
	seg := thin(t, segment.Config{Head: segment.FCN})
	img, err := transform.NewRGB(2, 1)
	require.NoError(t, err)
	for i := range img.Pix {
		img.Pix[i] = 200
	}
	m, err := seg.Segment(ctx, img)
	require.NoError(t, err)
	m.Pix[0], m.Pix[1] = 0, 1
	over := m.Overlay(img, 0.5)
	assert.Equal(t, color.RGBA{200, 200, 200, 255}, over.RGBAAt(0, 0), "the background shows the image")
	c := over.RGBAAt(1, 0)
	assert.InDelta(t, 164, float64(c.R), 1)
	assert.InDelta(t, 100, float64(c.G), 1)
}

func TestBadConfig(t *testing.T) {
	net, err := backbone.New(backbone.CIFARResNet20())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		net    *backbone.Network
		config segment.Config
		want   error
	}{
		"no backbone": {nil, segment.Config{Head: segment.FCN}, segment.ErrConfig},
		"no head":     {net, segment.Config{}, segment.ErrConfig},
		"head":        {net, segment.Config{Head: "unet"}, segment.ErrConfig},
		"classes":     {net, segment.Config{Head: segment.FCN, NumClasses: 257}, segment.ErrConfig},
		"rates":       {net, segment.Config{Head: segment.FCN, Rates: []int{6}}, segment.ErrConfig},
		"rate 0":      {net, segment.Config{Head: segment.DeepLabV3, Rates: []int{0}}, segment.ErrConfig},
		"bins":        {net, segment.Config{Head: segment.DeepLabV3, Bins: []int{1}}, segment.ErrConfig},
		"level":       {net, segment.Config{Head: segment.FCN, Level: "C5"}, backbone.ErrNode},
		"auxiliary":   {net, segment.Config{Head: segment.FCN, Auxiliary: true}, segment.ErrConfig},
	} {
		_, err := segment.New(c.net, c.config)
		assert.ErrorIs(t, err, c.want, name)
	}
	_, err = segment.New(net, segment.Config{Head: segment.PSP, Bins: slices.Repeat([]int{1}, 65)})
	assert.ErrorIs(t, err, segment.ErrConfig)
	for _, head := range []segment.Head{segment.PSP, segment.DeepLabV2, segment.DeepLabV3} {
		seg, err := segment.New(net, segment.Config{Head: head, Bins: []int{}, Rates: []int{}})
		require.NoError(t, err)
		assert.NotEmpty(t, slices.Concat(seg.Config().Bins, seg.Config().Rates), "empty lists are defaults")
	}
	seg := thin(t, segment.Config{Head: segment.FCN})
	_, err = seg.Auxiliary(ctx, nets.Input(t, 1, 3, 32, 32))
	assert.ErrorIs(t, err, segment.ErrConfig)
	_, err = seg.Classify(ctx, nil)
	assert.ErrorIs(t, err, ops.ErrShape)
	_, err = segment.Preset("deeplabv3_resnet18")
	assert.ErrorIs(t, err, segment.ErrConfig)
}
