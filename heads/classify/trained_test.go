package classify

import (
	"context"
	"image"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

var ctx = context.Background()

// open makes a classifier of a file of the shared data, or of the temporary
// folder where it has been decompressed.
func open(t *testing.T, model, path string) *Classifier {
	t.Helper()
	c, err := Open(ctx, Source{Model: model, Weights: path})
	require.NoError(t, err)
	return c
}

// shared reads an .npy file of the shared data.
func shared(t *testing.T, elem ...string) *ops.Tensor {
	t.Helper()
	sd, err := weights.Open(reftest.Shared(t, elem...))
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	a, ok := sd.Get("arr_0")
	require.True(t, ok)
	x, err := a.Tensor()
	require.NoError(t, err)
	return x
}

// pictures makes images of N×H×W×3 bytes.
func pictures(t *testing.T, x *ops.Tensor) []image.Image {
	t.Helper()
	list := make([]image.Image, x.Dim(0))
	n := x.Len() / len(list)
	for i := range list {
		m, err := transform.NewRGB(x.Dim(2), x.Dim(1))
		require.NoError(t, err)
		for j, v := range x.Data()[i*n : (i+1)*n] {
			m.Pix[j] = uint8(v)
		}
		list[i] = m
	}
	return list
}

// logits classifies images that need no resizing.
func logits(t *testing.T, c *Classifier, images []image.Image) *ops.Tensor {
	t.Helper()
	tf := c.Transform
	tf.Resize, tf.Crop = 0, 0
	x, err := tf.ApplyBatch(images...)
	require.NoError(t, err)
	y, err := c.Network.Forward(ctx, x)
	require.NoError(t, err)
	return y
}

// The paper's CIFAR-10 networks, trained, on images that PyTorch was given the
// same pixels of.
func TestTrainedCIFAR(t *testing.T) {
	for model, file := range map[string]string{"resnet20": "resnet20-12fca82f.th", "resnet56": "resnet56-4bfd9763.th"} {
		t.Run(model, func(t *testing.T) {
			c := open(t, "cifar_"+model, reftest.Shared(t, "weights", file))
			got := logits(t, c, pictures(t, shared(t, "cifar10", "sample200_pixels_u8_nhwc.npy")))
			want := shared(t, "cifar10", "sample200_logits_"+model+".npy")
			assert.LessOrEqual(t, difference(want, got), 1e-3)

			files, err := filepath.Glob(filepath.Join(reftest.Shared(t, "cifar10", "lossless20"), "*.png"))
			require.NoError(t, err)
			require.Len(t, files, 20)
			sort.Strings(files)
			images := make([]image.Image, len(files))
			for i, file := range files {
				images[i], err = transform.Load(file)
				require.NoError(t, err)
			}
			got = logits(t, c, images)
			assert.LessOrEqual(t, difference(shared(t, "cifar10", "lossless20_logits_"+model+".npy"), got), 1e-3)
			top, err := c.Classify(ctx, 1, images...)
			require.NoError(t, err)
			for i, file := range files {
				label := strings.TrimSuffix(filepath.Base(file), ".png")
				assert.Equal(t, int(label[len(label)-1]-'0'), top[i][0].Class, file)
			}
		})
	}
}

// difference is the largest absolute one.
func difference(want, got *ops.Tensor) float64 {
	var worst float64
	for i, v := range want.Data() {
		worst = max(worst, float64(v-got.Data()[i]), float64(got.Data()[i]-v))
	}
	return worst
}

// decompress unpacks a .zst file of the shared data into a temporary folder.
func decompress(t *testing.T, name string) string {
	t.Helper()
	packed := reftest.Shared(t, "weights", "imagenet", name+".zst")
	tool, err := exec.LookPath("zstd")
	if err != nil {
		t.Skip("zstd is not installed")
	}
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command(tool, "-q", "-d", packed, "-o", path).CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// Two ImageNet networks, trained, on twelve photographs: PyTorch's logits from
// PyTorch's pixels, and PyTorch's first class from our own decoding.
func TestTrainedImageNet(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 150 MB of weights")
	}
	pixels := shared(t, "images", "expected", "resize256_crop224_u8_nhwc.npy")
	files, err := filepath.Glob(filepath.Join(reftest.Shared(t, "images"), "*.*g"))
	require.NoError(t, err)
	require.Len(t, files, 12)
	sort.Strings(files)

	for model, file := range map[string]string{"resnet18": "resnet18_ktb.pth", "resnet50": "resnet50_ktb.safetensors"} {
		t.Run(model, func(t *testing.T) {
			c := open(t, model, decompress(t, file))
			want := shared(t, "images", "expected", "logits_"+model+".npy")
			got := logits(t, c, pictures(t, pixels))
			reftest.Close(t, "logits", got.Data(), want.Data(), reftest.Tolerance)
			wantTop, err := TopK(want, 5, c.Labels)
			require.NoError(t, err)
			gotTop, err := TopK(got, 5, c.Labels)
			require.NoError(t, err)
			for i, name := range files {
				assert.Equal(t, classes(wantTop[i]), classes(gotTop[i]), name)
				photograph, err := transform.Load(name)
				require.NoError(t, err)
				own, err := c.Classify(ctx, 1, photograph)
				require.NoError(t, err)
				assert.Equal(t, wantTop[i][0].Class, own[0][0].Class, name)
			}
		})
	}
}

func classes(list []Prediction) []int {
	var c []int
	for _, p := range list {
		c = append(c, p.Class)
	}
	return c
}

// A checkpoint for fewer classes than the preset's tells so itself.
func TestClassesComeFromTheCheckpoint(t *testing.T) {
	config := backbone.ResNet18()
	config.NumClasses, config.WidthMultiplier = 7, 1
	net, err := backbone.New(config)
	require.NoError(t, err)
	sd, err := net.StateDict()
	require.NoError(t, err)
	c, err := FromCheckpoint(sd, nil, Source{Model: "resnet18"})
	require.NoError(t, err)
	assert.Equal(t, 7, c.Network.Config().NumClasses)
	assert.Equal(t, "class 6", c.Labels[6])
}
