package ops_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
)

// odd and paste are ODD and PASTE of testdata/gen/detection_op_fixtures.py,
// which made what these tests compare with.
var (
	odd = []ops.Box{
		{X1: 5, Y1: 5, X2: 5, Y2: 5}, {X1: 9, Y1: 9, X2: 4, Y2: 3}, {X1: -6, Y1: -4, X2: 7, Y2: 9},
		{X1: 20, Y1: 18, X2: 40, Y2: 50}, {X1: 100, Y1: 100, X2: 120, Y2: 130}, {X1: -90, Y1: -80, X2: -70, Y2: -60},
		{X2: 24, Y2: 20}, {X1: 3, Y1: 4, X2: 4, Y2: 5}, {X1: 0.5, Y1: 0.25, X2: 11.75, Y2: 3.5},
		{X1: 23.5, Y1: 19.5, X2: 24, Y2: 20},
	}
	paste = []ops.Box{
		{X1: 10.3, Y1: 5.7, X2: 30.2, Y2: 29.9}, {X1: -7.5, Y1: -3.2, X2: 12.1, Y2: 9.9},
		{X1: 35, Y1: 30, X2: 70.5, Y2: 61.25}, {X1: 80, Y1: 90, X2: 99, Y2: 99}, {X1: 4.4, Y1: 4.4, X2: 4.9, Y2: 30},
		{X1: 20.5, Y1: 20.5, X2: 20.6, Y2: 20.7}, {X2: 50, Y2: 40},
	}
)

// torchvisions checks values against the fixtures.
type torchvisions map[string]reftest.Array

func readTorchvisions(t *testing.T) torchvisions {
	arrays, _ := reftest.ReadArrays(t, reftest.Testdata("ops", "detection.safetensors"))
	return arrays
}

func (f torchvisions) check(t *testing.T, name string, got []float32) {
	t.Helper()
	want, ok := f[name]
	require.True(t, ok, name)
	require.Len(t, got, len(want.Data), name)
	compare(t, name, got, want.Data)
}

// checkIndices compares indices exactly.
func (f torchvisions) checkIndices(t *testing.T, name string, got []int) {
	t.Helper()
	var want []int
	for _, v := range f[name].Data {
		want = append(want, int(v))
	}
	assert.Equal(t, want, got, name)
}

func flat(boxes []ops.Box) []float32 {
	var list []float32
	for _, b := range boxes {
		list = append(list, b.X1, b.Y1, b.X2, b.Y2)
	}
	return list
}

func filled(t *testing.T, name string, lo, hi float64, shape ...int) *ops.Tensor {
	t.Helper()
	x, err := ops.New(shape...)
	require.NoError(t, err)
	reftest.Fill(name, x.Data(), lo, hi)
	return x
}

func regions() []ops.RoI {
	var list []ops.RoI
	for i, b := range append(fillBoxes("rois", 12, 24, 12), odd...) {
		list = append(list, ops.RoI{Image: i % 2, Box: b})
	}
	return list
}

func TestRoIPoolingIsTorchvisions(t *testing.T) {
	f := readTorchvisions(t)
	x := filled(t, "map", -2, 2, 2, 3, 20, 24)
	for _, scale := range []float32{1, 0.5} {
		for _, ratio := range []int{-1, 0, 1, 2, 3} {
			for i, aligned := range []bool{false, true} {
				opt := ops.RoIAlignOptions{Size: [2]int{3, 4}, Scale: scale, SamplingRatio: ratio, Aligned: aligned, Threads: 1 + i}
				y, err := ops.RoIAlign(context.Background(), x, regions(), opt)
				require.NoError(t, err)
				f.check(t, fmt.Sprintf("roi_align/%d/%d/%v", i, ratio, scale), y.Data())
			}
		}
		y, err := ops.RoIPool(context.Background(), x, regions(), ops.RoIPoolOptions{Size: [2]int{3, 4}, Scale: scale})
		require.NoError(t, err)
		f.check(t, fmt.Sprintf("roi_pool/%v", scale), y.Data())
	}
}

func TestSuppressionIsTorchvisions(t *testing.T) {
	f := readTorchvisions(t)
	scores, classIndex := filled(t, "scores", 0, 1, 1500).Data(), filled(t, "classes", 0, 5, 1500).Data()
	tied := scores[3]
	classes := make([]int, len(scores))
	for i := range scores {
		classes[i] = int(classIndex[i])
		if i%7 == 0 {
			scores[i] = tied
		}
	}
	for _, n := range []int{1, 2, 300, 1500} {
		boxes := fillBoxes("boxes", n, 200, 60)
		for _, threshold := range []float64{0, 0.3, 0.7, 1} {
			keep, err := ops.NMS(boxes, scores[:n], threshold)
			require.NoError(t, err)
			f.checkIndices(t, fmt.Sprintf("nms/%d/%.1f", n, threshold), keep)

			keep, err = ops.BatchedNMS(boxes, scores[:n], classes[:n], threshold)
			require.NoError(t, err)
			assert.True(t, falling(scores, keep))
			slices.Sort(keep)
			f.checkIndices(t, fmt.Sprintf("batched_nms/%d/%.1f", n, threshold), keep)
		}
	}
	scores = scores[:40]
	scores[11] = float32(math.NaN())
	keep, err := ops.NMS(fillBoxes("boxes", 40, 60, 60), scores, 0.3)
	require.NoError(t, err)
	f.checkIndices(t, "nms/nan", keep)
}

func falling(scores []float32, order []int) bool {
	for i := 1; i < len(order); i++ {
		if scores[order[i]] > scores[order[i-1]] {
			return false
		}
	}
	return true
}

func TestBoxFunctionsAreTorchvisions(t *testing.T) {
	f := readTorchvisions(t)
	a, b := append(fillBoxes("a", 12, 50, 30), odd...), append(fillBoxes("b", 9, 50, 30), odd...)
	f.check(t, "iou", ops.PairwiseIoU(a, b))
	f.check(t, "giou", ops.PairwiseGIoU(a[:12], b[:9]))
	f.checkIndices(t, "large", ops.LargeBoxes(a, 11))
	ops.ClipBoxes(a, 24, 20)
	f.check(t, "clip", flat(a))

	a, b = fillBoxes("a", 12, 50, 30), fillBoxes("b", 12, 50, 30)
	deltas := filled(t, "deltas", -6, 6, 12, 4).Data()
	type coder interface {
		Encode(box, reference ops.Box) [4]float32
		Decode(delta [4]float32, reference ops.Box) ops.Box
	}
	for name, c := range map[string]coder{
		"ones":    ops.NewBoxCoder([4]float32{1, 1, 1, 1}),
		"head":    ops.NewBoxCoder([4]float32{10, 10, 5, 5}),
		"linear0": ops.BoxLinearCoder{},
		"linear1": ops.BoxLinearCoder{NormalizeBySize: true},
	} {
		var encoded []float32
		var decoded []ops.Box
		for i := range a {
			d := c.Encode(a[i], b[i])
			encoded = append(encoded, d[:]...)
			decoded = append(decoded, c.Decode([4]float32(deltas[4*i:]), b[i]))
			back := c.Decode(d, b[i])
			assert.InDeltaSlice(t, flat(a[i:i+1]), flat([]ops.Box{back}), 1e-3)
		}
		f.check(t, "encode/"+name, encoded)
		f.check(t, "decode/"+name, flat(decoded))
	}
}

func TestAnchorsAreTorchvisions(t *testing.T) {
	f := readTorchvisions(t)
	g := ops.AnchorGenerator{Sizes: [][]float32{{32, 50, 64}, {128}}, AspectRatios: [][]float32{{0.5, 1, 2}, {0.3, 1.7}}}
	require.NoError(t, g.Validate())
	fine, err := g.Grid(0, 12, 17, 96, 133)
	require.NoError(t, err)
	coarse, err := g.Grid(1, 6, 9, 96, 133)
	require.NoError(t, err)
	assert.Equal(t, f["anchors"].Data, flat(append(fine, coarse...)))
}

func TestPyramidLevelsAreTorchvisions(t *testing.T) {
	f := readTorchvisions(t)
	var scales []float32
	for _, height := range []int{200, 100, 50, 25} {
		s, err := ops.InferScale(height, 790)
		require.NoError(t, err)
		scales = append(scales, s)
	}
	assert.Equal(t, f["scales"].Data, scales)
	boxes := append(fillBoxes("levels", 200, 1000, 900), ops.Box{X2: 224, Y2: 224}, ops.Box{X2: 112, Y2: 112}, odd[0])
	var levels []int
	for _, b := range boxes {
		levels = append(levels, ops.NewLevelMapper(2, 5).Level(b))
	}
	f.checkIndices(t, "levels", levels)
}

func TestMasksAndKeypointsAreTorchvisions(t *testing.T) {
	f := readTorchvisions(t)
	masks := filled(t, "masks", 0, 1, len(paste), 14, 14)
	var pasted, points, scores []float32
	for i, b := range paste {
		m, err := masks.Rows(i, i+1)
		require.NoError(t, err)
		m, err = m.Reshape(14, 14)
		require.NoError(t, err)
		p, err := ops.PasteMask(m, b, 40, 50)
		require.NoError(t, err)
		pasted = append(pasted, p.Data()...)
	}
	f.check(t, "masks", pasted)

	list, err := ops.HeatmapsToKeypoints(filled(t, "heatmaps", -3, 3, len(paste), 3, 9, 9), paste)
	require.NoError(t, err)
	for _, ofBox := range list {
		for _, p := range ofBox {
			points, scores = append(points, p.X, p.Y), append(scores, p.Score)
		}
	}
	f.check(t, "keypoints", points)
	f.check(t, "keypoint_scores", scores)
}
