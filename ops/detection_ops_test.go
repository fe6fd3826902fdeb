package ops_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

func TestNothingToSuppress(t *testing.T) {
	keep, err := ops.NMS(nil, nil, 0.5)
	require.NoError(t, err)
	assert.Empty(t, keep)
	keep, err = ops.BatchedNMS(nil, nil, nil, 0.5)
	require.NoError(t, err)
	assert.Empty(t, keep)
}

// Boxes without area have an IoU of NaN, which suppresses nothing; negative
// thresholds suppress even what does not touch.
func TestSuppressionAtTheEdges(t *testing.T) {
	point := ops.Box{X1: 5, Y1: 5, X2: 5, Y2: 5}
	far := []ops.Box{{X2: 1, Y2: 1}, {X1: 8, Y1: 8, X2: 9, Y2: 9}}
	for _, c := range []struct {
		name      string
		boxes     []ops.Box
		scores    []float32
		threshold float64
		want      []int
	}{
		{"points", []ops.Box{point, point}, []float32{1, 2}, 0, []int{1, 0}},
		{"negative threshold", far, []float32{1, 2}, -1, []int{1}},
		{"equal scores keep their order", far, []float32{1, 1}, 0.5, []int{0, 1}},
		{"NaN first", far, []float32{inf, nan}, 0.5, []int{1, 0}},
		{"threshold of one", []ops.Box{far[0], far[0]}, []float32{1, 2}, 1, []int{1, 0}},
		{"NaN box", []ops.Box{far[0], {X1: nan, X2: 1, Y2: 1}}, []float32{1, 2}, 0.5, []int{1, 0}},
	} {
		keep, err := ops.NMS(c.boxes, c.scores, c.threshold)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, keep, c.name)
	}
}

// Classes do not mix where boxes cannot be moved apart.
func TestBatchedSuppressionOfAwkwardBoxes(t *testing.T) {
	boxes := []ops.Box{{X1: -9, X2: 1, Y2: 1}, {X1: -9, X2: 1, Y2: 1}, {X2: inf, Y2: 1}, {X1: -9, X2: 1, Y2: 1}}
	keep, err := ops.BatchedNMS(boxes, []float32{1, 2, 3, 4}, []int{0, 1, 1, -1}, 0.5)
	require.NoError(t, err)
	assert.Equal(t, []int{3, 2, 1, 0}, keep)
}

func TestDetectionOperatorsCheckTheirArguments(t *testing.T) {
	ctx := context.Background()
	x := filled(t, "map", -1, 1, 1, 2, 5, 5)
	flat := filled(t, "mask", 0, 1, 5, 5)
	one := []ops.RoI{{Box: ops.Box{X2: 3, Y2: 3}}}
	square := [2]int{2, 2}
	for name, f := range map[string]func() error{
		"nms lengths":         func() error { _, err := ops.NMS(make([]ops.Box, 2), nil, 0); return err },
		"nms threshold":       func() error { _, err := ops.NMS(nil, nil, math.NaN()); return err },
		"batched nms classes": func() error { _, err := ops.BatchedNMS(make([]ops.Box, 1), []float32{1}, nil, 0); return err },
		"align nil":           func() error { _, err := ops.RoIAlign(ctx, nil, one, ops.RoIAlignOptions{Size: square}); return err },
		"align rank":          func() error { _, err := ops.RoIAlign(ctx, flat, one, ops.RoIAlignOptions{Size: square}); return err },
		"align no region":     func() error { _, err := ops.RoIAlign(ctx, x, nil, ops.RoIAlignOptions{Size: square}); return err },
		"align size":          func() error { _, err := ops.RoIAlign(ctx, x, one, ops.RoIAlignOptions{}); return err },
		"align scale": func() error {
			_, err := ops.RoIAlign(ctx, x, one, ops.RoIAlignOptions{Size: square, Scale: -1})
			return err
		},
		"align image": func() error {
			_, err := ops.RoIAlign(ctx, x, []ops.RoI{{Image: 1}}, ops.RoIAlignOptions{Size: square})
			return err
		},
		"align NaN": func() error {
			_, err := ops.RoIAlign(ctx, x, []ops.RoI{{Box: ops.Box{X1: nan}}}, ops.RoIAlignOptions{Size: square})
			return err
		},
		"align endless": func() error {
			_, err := ops.RoIAlign(ctx, x, []ops.RoI{{Box: ops.Box{X2: 1e9}}}, ops.RoIAlignOptions{Size: square})
			return err
		},
		"pool no region":     func() error { _, err := ops.RoIPool(ctx, x, nil, ops.RoIPoolOptions{Size: square}); return err },
		"mask rank":          func() error { _, err := ops.PasteMask(x, ops.Box{}, 5, 5); return err },
		"mask image":         func() error { _, err := ops.PasteMask(flat, ops.Box{}, 0, 5); return err },
		"mask NaN":           func() error { _, err := ops.PasteMask(flat, ops.Box{X1: nan}, 5, 5); return err },
		"keypoints count":    func() error { _, err := ops.HeatmapsToKeypoints(x, nil); return err },
		"keypoints infinite": func() error { _, err := ops.HeatmapsToKeypoints(x, []ops.Box{{X2: inf}}); return err },
		"anchors none":       func() error { return ops.AnchorGenerator{}.Validate() },
		"anchors level": func() error {
			return ops.AnchorGenerator{Sizes: [][]float32{{}}, AspectRatios: [][]float32{{1}}}.Validate()
		},
		"anchors size": func() error {
			return ops.AnchorGenerator{Sizes: [][]float32{{nan}}, AspectRatios: [][]float32{{1}}}.Validate()
		},
		"anchors strides": func() error {
			return ops.AnchorGenerator{Sizes: [][]float32{{1}}, AspectRatios: [][]float32{{1}}, Strides: []int{4, 8}}.Validate()
		},
		"anchors stride": func() error {
			return ops.AnchorGenerator{Sizes: [][]float32{{1}}, AspectRatios: [][]float32{{1}}, Strides: []int{0}}.Validate()
		},
		"aligned mask NaN": func() error { _, err := ops.PasteMaskAligned(flat, ops.Box{X1: nan}, 5, 5); return err },
		"anchors grid":     func() error { _, err := ops.AnchorGenerator{}.Grid(0, 1, 1, 1, 1); return err },
		"anchors map": func() error {
			_, err := ops.AnchorGenerator{Sizes: [][]float32{{1}}, AspectRatios: [][]float32{{1}}}.Grid(0, 5, 1, 4, 1)
			return err
		},
		"scale": func() error { _, err := ops.InferScale(1, 0); return err },
	} {
		assert.ErrorIs(t, f(), ops.ErrShape, name)
	}
}

// detectron2's anchors keep their fractions, and its strides do not depend on
// how a map was rounded.
func TestExactAnchors(t *testing.T) {
	g := ops.AnchorGenerator{Sizes: [][]float32{{32}}, AspectRatios: [][]float32{{0.5}}, Exact: true, Strides: []int{64}}
	require.NoError(t, g.Validate())
	boxes, err := g.Grid(0, 2, 3, 100, 180)
	require.NoError(t, err)
	require.Len(t, boxes, 6)
	for k, v := range [4]float32{-22.627417, -11.313708, 22.627417, 11.313708} {
		b := boxes[5] // the second row's last
		assert.InDelta(t, v+[4]float32{128, 64, 128, 64}[k], [4]float32{b.X1, b.Y1, b.X2, b.Y2}[k], 1e-5)
	}
}

// An aligned mask covers its box to the pixel, and half of it where a pixel is
// half in the box.
func TestAlignedMask(t *testing.T) {
	one, err := ops.FromSlice([]float32{1, 1, 1, 1}, 2, 2)
	require.NoError(t, err)
	m, err := ops.PasteMaskAligned(one, ops.Box{X1: 2, Y1: 1, X2: 6, Y2: 3}, 4, 8)
	require.NoError(t, err)
	for i, v := range m.Data() {
		x, y := i%8, i/8
		inside := x >= 2 && x < 6 && y >= 1 && y < 3
		assert.Equal(t, inside, v >= 0.5, "%d,%d: %v", x, y, v)
	}
	m, err = ops.PasteMaskAligned(one, ops.Box{X1: 3, Y1: 3, X2: 3, Y2: 3}, 4, 8)
	require.NoError(t, err)
	assert.Equal(t, make([]float32, 32), m.Data(), "a box without extent")
}

func TestPoolingStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	x := filled(t, "map", -1, 1, 1, 2, 5, 5)
	_, err := ops.RoIAlign(ctx, x, []ops.RoI{{Box: ops.Box{X2: 3, Y2: 3}}}, ops.RoIAlignOptions{Size: [2]int{2, 2}})
	assert.ErrorIs(t, err, context.Canceled)
}

// A growth beyond the clip is the clip's.
func TestDecodingClipsGrowth(t *testing.T) {
	c := ops.NewBoxCoder([4]float32{1, 1, 1, 1})
	unit := ops.Box{X2: 16, Y2: 16}
	b := c.Decode([4]float32{0, 0, inf, 1000}, unit)
	assert.InDelta(t, 1000, b.Width(), 1e-2)
	assert.InDelta(t, 1000, b.Height(), 1e-2)
}

// FuzzRoIs pools hostile regions: an error or finite values, no panic.
func FuzzRoIs(f *testing.F) {
	f.Add(float32(0), float32(0), float32(3), float32(3), float32(0.5), int8(2), true)
	f.Add(float32(35), float32(-9), float32(-2), float32(2400), float32(3), int8(27), true) // inside out
	f.Add(float32(-9), float32(1e6), float32(-1e6), nan, float32(2), int8(0), false)
	f.Fuzz(func(t *testing.T, x1, y1, x2, y2, scale float32, ratio int8, aligned bool) {
		x := filled(t, "map", -1, 1, 1, 1, 6, 5)
		box := ops.Box{X1: x1, Y1: y1, X2: x2, Y2: y2}
		roi := []ops.RoI{{Box: box}}
		y, err := ops.RoIAlign(context.Background(), x, roi, ops.RoIAlignOptions{
			Size: [2]int{3, 2}, Scale: scale, SamplingRatio: int(ratio), Aligned: aligned, Threads: 1,
		})
		if err == nil {
			for _, v := range y.Data() {
				assert.True(t, v >= -1.001 && v <= 1.001, v)
			}
		}
		_, _ = ops.RoIPool(context.Background(), x, roi, ops.RoIPoolOptions{Size: [2]int{3, 2}, Scale: scale})
		mask, err := x.Reshape(6, 5)
		require.NoError(t, err)
		_, _ = ops.PasteMask(mask, box, 7, 9)
		if box.Width() < 100 && box.Height() < 100 {
			_, _ = ops.HeatmapsToKeypoints(x, []ops.Box{box})
		}
		ops.NewLevelMapper(2, 5).Level(box)
	})
}
