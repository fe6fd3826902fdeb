package weights

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

func TestParseRegistry(t *testing.T) {
	list, err := parseRegistry(registryJSON)
	require.NoError(t, err)
	more, err := parseRegistry(detectron2JSON)
	require.NoError(t, err)
	assert.Equal(t, Published(), append(list, more...))
	_, err = parseRegistry([]byte(`{"checkpoints": 1}`))
	assert.Error(t, err)
}

func TestPublished(t *testing.T) {
	classes := map[string]int{"imagenet1k": 1000, "coco91": 91, "coco81": 81, "voc21": 21, "coco_person": 2}
	defaults, names := map[string]int{}, map[string]bool{}
	for _, c := range Published() {
		name := c.Name()
		assert.False(t, names[name], "%s: twice", name)
		names[name] = true
		if c.Default {
			defaults[c.Model]++
		} else {
			defaults[c.Model] += 0
		}
		u, err := url.Parse(c.URL)
		require.NoError(t, err, name)
		assert.Equal(t, "https", u.Scheme, name)
		assert.True(t, filepath.IsLocal(c.File()) && !strings.ContainsAny(c.File(), `/\:`), "%s: file %q", name, c.File())
		if c.Alias != "" { // detectron2's
			assert.Regexp(t, `^model_final_[0-9a-f]{6}\.pkl$`, c.File(), name)
			assert.Empty(t, c.SHA256Prefix, name)
			assert.Contains(t, c.URL, c.Alias, name)
		} else {
			assert.Regexp(t, "^[0-9a-f]{8}$", c.SHA256Prefix, name)
			assert.True(t, strings.HasSuffix(c.File(), "-"+c.SHA256Prefix+".pth"), name)
		}
		assert.Greater(t, c.NumParams, int64(1e7), name)
		assert.NotEmpty(t, c.Metrics, name)
		assert.NotEmpty(t, c.Attribution, name)
		assert.Equal(t, strings.ToLower(c.Model), c.Model)
		assert.Len(t, c.Categories(), classes[c.CategoryList], name)
		assert.NotContains(t, c.Categories(), "", name)
		assert.Equal(t, strings.HasPrefix(c.Model, "keypointrcnn"), len(c.Keypoints()) == 17, name)

		p := c.Preprocessing
		assert.Positive(t, p.Resize, name)
		assert.Equal(t, [3]float32{0.485, 0.456, 0.406}, p.Mean, name)
		std := [3]float32{0.229, 0.224, 0.225}
		if strings.HasSuffix(c.Model, "_v1_fpn_detectron2") { // pixels of 0 to 255
			std = [3]float32{1.0 / 255, 1.0 / 255, 1.0 / 255}
		}
		assert.Equal(t, std, p.Std, name)
		assert.Equal(t, "bilinear", p.Interpolation, name)
	}
	assert.Len(t, names, 38)
	for model, n := range defaults {
		assert.Equal(t, 1, n, "%s: defaults", model)
	}
}

// Each kind of preprocessing, by torchvision's presets and, for detectors,
// their GeneralizedRCNNTransform.
func TestPreprocessing(t *testing.T) {
	for name, want := range map[string]Preprocessing{
		"resnet50/IMAGENET1K_V1":           {Resize: 256, Crop: 224, Antialias: true},
		"resnet50/IMAGENET1K_V2":           {Resize: 232, Crop: 224, Antialias: true},
		"fcn_resnet50":                     {Resize: 520, Antialias: true},
		"maskrcnn_resnet50_fpn_v2/COCO_V1": {Resize: 800, MaxSize: 1333, PadTo: 32},
	} {
		c, err := Lookup(name)
		require.NoError(t, err)
		got := c.Preprocessing
		got.Mean, got.Std, got.Interpolation = [3]float32{}, [3]float32{}, ""
		assert.Equal(t, want, got, name)
	}
}

func TestCategories(t *testing.T) {
	for _, c := range []struct {
		model string
		class int
		want  string
	}{
		{"resnet18", 0, "tench"}, {"resnet18", 207, "golden retriever"}, {"resnet18", 999, "toilet tissue"},
		{"fasterrcnn_resnet50_fpn", 0, "__background__"}, {"fasterrcnn_resnet50_fpn", 1, "person"},
		{"fasterrcnn_resnet50_fpn", 12, "N/A"}, {"fasterrcnn_resnet50_fpn", 90, "toothbrush"},
		{"keypointrcnn_resnet50_fpn", 1, "person"},
		{"COCO-Detection/faster_rcnn_X_101_32x8d_FPN_3x", 12, "stop sign"},
		{"fcn_resnet101", 20, "tvmonitor"},
	} {
		ck, err := Lookup(c.model)
		require.NoError(t, err)
		assert.Equal(t, c.want, ck.Categories()[c.class])
	}
	ck, err := Lookup("keypointrcnn_resnet50_fpn")
	require.NoError(t, err)
	assert.Equal(t, "nose", ck.Keypoints()[0])
	assert.Equal(t, "right_ankle", ck.Keypoints()[16])
	assert.Nil(t, (&Checkpoint{}).Categories())
}

// A caller's changes stay the caller's.
func TestPublishedClones(t *testing.T) {
	Published()[0].Metrics["ImageNet-1K"]["acc@1"] = 100
	c, err := Lookup(Published()[0].Name())
	require.NoError(t, err)
	c.Metrics["ImageNet-1K"]["acc@1"] = 100
	assert.Equal(t, 69.758, Published()[0].Metrics["ImageNet-1K"]["acc@1"])
}

// The registry has what torchvision's metadata have, name by name.
func TestRegistryAgainstTorchvision(t *testing.T) {
	text, err := os.ReadFile(reftest.Shared(t, "weights", "torchvision-0.14-weights.json"))
	require.NoError(t, err)
	// NaN, which is not JSON, is the accuracy of one VGG.
	text = []byte(strings.ReplaceAll(string(text), "NaN", "null"))
	var entries []struct {
		Enum, URL     string
		NumParams     int64 `json:"num_params"`
		NumCategories int   `json:"num_categories"`
		Metrics       map[string]map[string]float64
	}
	require.NoError(t, json.Unmarshal(text, &entries))
	found := 0
	for _, e := range entries {
		c, err := Lookup(e.Enum)
		if err != nil {
			assert.Regexp(t, "VGG|GoogLeNet", e.Enum)
			continue
		}
		found++
		assert.Equal(t, e.URL, c.URL)
		assert.Equal(t, e.NumParams, c.NumParams)
		assert.Equal(t, e.Metrics, c.Metrics)
		assert.Len(t, c.Categories(), e.NumCategories)
	}
	for _, c := range Published() {
		if c.Alias != "" {
			found++
		}
	}
	assert.Len(t, Published(), found)
}
