package weights

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLookup(t *testing.T) {
	for spelling, want := range map[string]string{
		"resnet50/IMAGENET1K_V2":                             "resnet50/IMAGENET1K_V2",
		"resnet50/IMAGENET1K_V1":                             "resnet50/IMAGENET1K_V1",
		"ResNet50/imagenet1k_v1":                             "resnet50/IMAGENET1K_V1",
		"resnet50/DEFAULT":                                   "resnet50/IMAGENET1K_V2",
		"resnet50/default":                                   "resnet50/IMAGENET1K_V2",
		"resnet50":                                           "resnet50/IMAGENET1K_V2",
		" RESNET50\n":                                        "resnet50/IMAGENET1K_V2",
		"ResNet50_Weights":                                   "resnet50/IMAGENET1K_V2",
		"ResNet50_Weights.DEFAULT":                           "resnet50/IMAGENET1K_V2",
		"ResNet50_Weights.IMAGENET1K_V1":                     "resnet50/IMAGENET1K_V1",
		"resnext101_64x4d":                                   "resnext101_64x4d/IMAGENET1K_V1",
		"ResNeXt101_32X8D_Weights.IMAGENET1K_V2":             "resnext101_32x8d/IMAGENET1K_V2",
		"Wide_ResNet101_2_Weights.IMAGENET1K_V1":             "wide_resnet101_2/IMAGENET1K_V1",
		"KeypointRCNN_ResNet50_FPN_Weights.DEFAULT":          "keypointrcnn_resnet50_fpn/COCO_V1",
		"keypointrcnn_resnet50_fpn/COCO_LEGACY":              "keypointrcnn_resnet50_fpn/COCO_LEGACY",
		"maskrcnn_resnet50_v1_fpn_detectron2":                "maskrcnn_resnet50_v1_fpn_detectron2/COCO_3X",
		"COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_1x":    "maskrcnn_resnet50_v1_fpn_detectron2/COCO_1X",
		"coco-detection/faster_rcnn_r_101_fpn_3x":            "fasterrcnn_resnet101_v1_fpn_detectron2/COCO_3X",
		"DeepLabV3_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1": "deeplabv3_resnet50/COCO_WITH_VOC_LABELS_V1",
	} {
		c, err := Lookup(spelling)
		require.NoError(t, err, spelling)
		assert.Equal(t, want, c.Name(), spelling)
	}
}

func TestLookupUnknown(t *testing.T) {
	for _, c := range []struct{ name, near string }{
		{"resnet51", "resnet50/IMAGENET1K_V2"},
		{"resnet-50/IMAGENET1K_V2", "resnet50/IMAGENET1K_V2"},
		{"resnet50/IMAGENET1K_V3", "did you mean resnet50/IMAGENET1K_V1 or resnet50/IMAGENET1K_V2?"},
		{"resnet18/IMAGENET1K_V2", "did you mean resnet18/IMAGENET1K_V1?"},
		{"VGG16_Weights.IMAGENET1K_V1", "resnet"},
		{"", "the name is empty"},
		{"/", "did you mean"},
		{"resnet50/", "did you mean"},
		{"resnet50/IMAGENET1K_V2/x", "resnet50/IMAGENET1K_V2"},
		{strings.Repeat("resnet50", 1<<17), "…"},
	} {
		_, err := Lookup(c.name)
		require.ErrorIs(t, err, ErrUnknownCheckpoint)
		assert.ErrorContains(t, err, c.near)
		assert.Less(t, len(err.Error()), 1000)
	}
}

func FuzzLookup(f *testing.F) {
	for _, seed := range []string{"resnet50/IMAGENET1K_V2", "ResNet50_Weights.DEFAULT", "resnet50", "_weights.", "/", "\xff/İ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		c, err := Lookup(name)
		if (c == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", name, c, err)
		}
		if err != nil {
			require.ErrorIs(t, err, ErrUnknownCheckpoint)
			return
		}
		again, err := Lookup(c.Name())
		require.NoError(t, err)
		assert.Equal(t, c, again)
	})
}

// cached makes the cache believe that it has a checkpoint of the registry.
func cached(t *testing.T, dir, name string) string {
	t.Helper()
	ck, err := Lookup(name)
	require.NoError(t, err)
	e := entry{filepath.Join(dir, ck.File()), ck.SHA256Prefix}
	require.NoError(t, os.WriteFile(e.path, []byte("as if fetched"), 0o666))
	info, err := os.Stat(e.path)
	require.NoError(t, err)
	e.writeStamp(info, ck.SHA256Prefix+strings.Repeat("0", 56))
	return e.path
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile("mine.pth", nil, 0o666))
	require.NoError(t, os.WriteFile("resnet18", nil, 0o666))
	require.NoError(t, os.Mkdir("resnet50", 0o777))
	cache := t.TempDir()
	fetched := cached(t, cache, "resnet50")

	for _, c := range []struct{ what, path, name string }{
		{"mine.pth", "mine.pth", ""},
		{filepath.Join(dir, "mine.pth"), filepath.Join(dir, "mine.pth"), ""},
		{"resnet18", "resnet18", ""}, // a file of a checkpoint's name
		{"resnet50/IMAGENET1K_V2", fetched, "resnet50/IMAGENET1K_V2"},
		{"resnet50", fetched, "resnet50/IMAGENET1K_V2"}, // in spite of a folder of that name
	} {
		path, ck, err := Resolve(context.Background(), c.what, WithCacheDir(cache))
		require.NoError(t, err, c.what)
		assert.Equal(t, c.path, path)
		if c.name == "" {
			assert.Nil(t, ck)
		} else {
			assert.Equal(t, c.name, ck.Name())
		}
	}
}

func TestResolveNeither(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("folder", 0o777))
	for _, c := range []struct{ what, message string }{
		{"resnet51.pth", `there is no file "resnet51.pth", and no published checkpoint has that name`},
		{"folder", `"folder" is a folder`},
		{"nul\x00byte", `cannot be read`},
		{strings.Repeat("x", 1<<20), `cannot be read`},
	} {
		_, _, err := Resolve(context.Background(), c.what)
		require.ErrorIs(t, err, ErrUnknownCheckpoint)
		assert.ErrorContains(t, err, c.message)
		assert.ErrorContains(t, err, "did you mean")
		assert.Less(t, len(err.Error()), 1000)
	}
	for what, f := range map[string]func() error{
		"Resolve": func() error { _, _, err := Resolve(context.Background(), ""); return err },
		"Fetch":   func() error { _, err := Fetch(context.Background(), ""); return err },
		"Lookup":  func() error { _, err := Lookup(""); return err },
	} {
		require.ErrorIs(t, f(), ErrUnknownCheckpoint, what)
		assert.ErrorContains(t, f(), "expected", what)
		assert.NotContains(t, f().Error(), "did you mean", what)
	}
	_, err := Open("")
	require.ErrorIs(t, err, ErrWeights)
	assert.ErrorContains(t, err, "the path is empty")
	_, _, err = Resolve(context.Background(), "resnet18", WithCacheDir(t.TempDir()), WithBaseURL(t.TempDir()))
	assert.ErrorIs(t, err, ErrFetch)
}
