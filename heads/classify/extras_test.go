package classify

import (
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/internal/reftest/nets"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// thin is a small network of five classes.
func thin(t *testing.T, seed uint64) *Classifier {
	t.Helper()
	cfg := backbone.ResNet18()
	cfg.WidthMultiplier, cfg.NumClasses, cfg.Seed = 0.25, 5, seed
	net, err := backbone.New(cfg)
	require.NoError(t, err)
	tf := transform.ImageNet()
	tf.Resize, tf.Crop = 72, 64
	c, err := New(net, tf, []string{"a", "b", "c", "d", "e"})
	require.NoError(t, err)
	return c
}

func photograph(t *testing.T) *transform.RGB {
	t.Helper()
	m, err := transform.Load(reftest.Testdata("images", "chelsea.png"))
	require.NoError(t, err)
	return m
}

func TestEmbed(t *testing.T) {
	c := thin(t, 1)
	x := nets.Input(t, 2, 3, 70, 90)
	maps, err := c.Network.Features(ctx, x, backbone.C5)
	require.NoError(t, err)
	m := maps[backbone.C5]
	plane := m.Dim(2) * m.Dim(3)
	for name, e := range map[string]struct {
		Embedder
		power float64
	}{
		"average": {Embedder{Network: c.Network}, 1},
		"gem":     {Embedder{Network: c.Network, Pooling: GeM}, 3},
		"gem 2.5": {Embedder{Network: c.Network, Pooling: GeM, Power: 2.5, Level: "layer4"}, 2.5},
		"unit":    {Embedder{Network: c.Network, Normalise: true}, 1},
	} {
		got, err := e.Embed(ctx, x)
		require.NoError(t, err, name)
		require.Equal(t, []int{2, 128}, got.Shape(), name)
		want := make([]float64, got.Len())
		for i := range want {
			for _, v := range m.Data()[i*plane : (i+1)*plane] {
				want[i] += math.Pow(max(float64(v), 1e-6), e.power) / float64(plane)
			}
			want[i] = math.Pow(want[i], 1/e.power)
		}
		for row := range 2 {
			length := 0.0
			for i := row * 128; i < (row+1)*128; i++ {
				length += want[i] * want[i]
			}
			for i := row * 128; i < (row+1)*128; i++ {
				if e.Normalise {
					want[i] /= math.Sqrt(length)
				}
				assert.InDelta(t, want[i], got.Data()[i], 1e-5, name)
			}
		}
	}
	_, err = (&Embedder{Network: c.Network, Pooling: "max"}).Embed(ctx, x)
	assert.ErrorIs(t, err, backbone.ErrConfig)
	_, err = (&Embedder{Network: c.Network, Pooling: GeM, Power: -1}).Embed(ctx, x)
	assert.ErrorIs(t, err, backbone.ErrConfig)
}

// The mean of a class activation map and the bias make up the logit.
func TestCAM(t *testing.T) {
	c := thin(t, 2)
	x := nets.Input(t, 2, 3, 64, 96)
	logits, err := c.Network.Forward(ctx, x)
	require.NoError(t, err)
	sd, err := c.Network.StateDict()
	require.NoError(t, err)
	entry, _ := sd.Get("fc.bias")
	bias := make([]float32, 5)
	require.NoError(t, entry.ReadFloat32(bias))
	for class := range 5 {
		cam, err := c.CAM(ctx, x, class)
		require.NoError(t, err)
		require.Equal(t, []int{2, 1, 2, 3}, cam.Shape())
		for n := range 2 {
			var mean float32
			for _, v := range cam.Data()[n*6 : (n+1)*6] {
				mean += v / 6
			}
			assert.InDelta(t, logits.Data()[n*5+class], mean+bias[class], 1e-4)
		}
	}
	_, err = c.CAM(ctx, x, 5)
	assert.ErrorIs(t, err, backbone.ErrConfig)
}

// Ten views by hand: torchvision's positions in Chelsea at 72 pixels, 108x72.
func TestTenCrop(t *testing.T) {
	c := thin(t, 3)
	img := photograph(t)
	got, err := c.TenCrop(ctx, 5, img)
	require.NoError(t, err)

	small, err := transform.ResizeShorter(img, 72, transform.Bilinear)
	require.NoError(t, err)
	require.Equal(t, [2]int{108, 72}, [2]int{small.Width, small.Height})
	sums := make([]float64, 5)
	plain := transform.Classification{Mean: c.Transform.Mean, Std: c.Transform.Std}
	for _, p := range []image.Point{{0, 0}, {44, 0}, {0, 8}, {44, 8}, {22, 4}} {
		for _, flip := range []bool{false, true} {
			view, err := transform.NewRGB(64, 64)
			require.NoError(t, err)
			for y := range 64 {
				for x := range 64 {
					from := x
					if flip {
						from = 63 - x
					}
					copy(view.Row(y)[3*x:3*x+3], small.Row(p.Y + y)[3*(p.X+from):])
				}
			}
			x, err := plain.Apply(view)
			require.NoError(t, err)
			logits, err := c.Network.Forward(ctx, x)
			require.NoError(t, err)
			for i, v := range logits.Data() {
				sums[i] += float64(v) / 10
			}
		}
	}
	mean, err := ops.FromSlice([]float32{float32(sums[0]), float32(sums[1]), float32(sums[2]), float32(sums[3]), float32(sums[4])}, 1, 5)
	require.NoError(t, err)
	want, err := TopK(mean, 5, c.Labels)
	require.NoError(t, err)
	requireSame(t, want[0], got)

	c.Transform.Crop = 0
	_, err = c.TenCrop(ctx, 1, img)
	assert.ErrorIs(t, err, backbone.ErrConfig)
	c.Transform.Crop = 100
	_, err = c.TenCrop(ctx, 1, img)
	assert.ErrorIs(t, err, transform.ErrImage)
}

func requireSame(t *testing.T, want, got []Prediction) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		assert.Equal(t, want[i].Label, got[i].Label)
		assert.InDelta(t, want[i].Probability, got[i].Probability, 1e-5)
	}
}

// One scale is the whole image at that size; several are the mean of logits.
func TestMultiScale(t *testing.T) {
	c := thin(t, 4)
	img := photograph(t)
	mean := make([]float32, 5)
	for _, size := range []int{64, 100} {
		tf := c.Transform
		tf.Resize, tf.Crop = size, 0
		x, err := tf.Apply(img)
		require.NoError(t, err)
		logits, err := c.Network.Forward(ctx, x)
		require.NoError(t, err)
		for i, v := range logits.Data() {
			mean[i] += v / 2
		}
	}
	x, err := ops.FromSlice(mean, 1, 5)
	require.NoError(t, err)
	want, err := TopK(x, 5, c.Labels)
	require.NoError(t, err)
	got, err := c.MultiScale(ctx, 5, img, 64, 100)
	require.NoError(t, err)
	requireSame(t, want[0], got)
}

func TestEnsemble(t *testing.T) {
	one, two := thin(t, 5), thin(t, 6)
	img := photograph(t)
	alone, err := Ensemble{one}.Classify(ctx, 5, img)
	require.NoError(t, err)
	want, err := one.Classify(ctx, 5, img)
	require.NoError(t, err)
	requireSame(t, want[0], alone[0])

	both, err := Ensemble{one, two}.Classify(ctx, 5, img, img)
	require.NoError(t, err)
	require.Len(t, both, 2)
	other, err := two.Classify(ctx, 5, img)
	require.NoError(t, err)
	probability := func(list []Prediction, class int) float32 {
		for _, p := range list {
			if p.Class == class {
				return p.Probability
			}
		}
		return -1
	}
	for _, p := range both[1] {
		assert.InDelta(t, (probability(want[0], p.Class)+probability(other[0], p.Class))/2, p.Probability, 1e-5)
	}
	_, err = Ensemble{}.Classify(ctx, 1, img)
	assert.ErrorIs(t, err, backbone.ErrConfig)
	two.Network, err = backbone.New(backbone.CIFARResNet20())
	require.NoError(t, err)
	_, err = Ensemble{one, two}.Classify(ctx, 1, img)
	assert.ErrorIs(t, err, backbone.ErrConfig)
}
