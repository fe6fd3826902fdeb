package video

import (
	"context"
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

func smallTrunk(t *testing.T) *backbone.Network {
	t.Helper()
	cfg := backbone.ResNet18()
	cfg.WidthMultiplier = 0.25
	net, err := backbone.New(cfg)
	require.NoError(t, err)
	return net
}

// frames are a photograph and its upper left part, of one size.
func twoFrames(t *testing.T) []*Frame {
	t.Helper()
	img, err := transform.Load(reftest.Testdata("images", "chelsea.png"))
	require.NoError(t, err)
	var list []*Frame
	for _, size := range []int{160, 200} {
		m, err := transform.Resize(img, size, size, transform.Bilinear)
		require.NoError(t, err)
		m, err = transform.CenterCrop(m, 150, 120)
		require.NoError(t, err)
		f, err := FromImage(m)
		require.NoError(t, err)
		list = append(list, f)
	}
	return list
}

// bgrOf is a frame as OpenCV would give it: blue first, rows longer than they
// need be.
func bgrOf(t *testing.T, f *Frame) *Frame {
	t.Helper()
	stride := 3*f.Width + 11
	pix := make([]uint8, stride*f.Height)
	for y := range f.Height {
		for x := range f.Width {
			p := f.Row(y)[3*x:]
			pix[y*stride+3*x], pix[y*stride+3*x+1], pix[y*stride+3*x+2] = p[2], p[1], p[0]
		}
	}
	b, err := NewFrame(f.Width, f.Height, stride, BGR, pix, nil)
	require.NoError(t, err)
	return b
}

// A batch's results are those of each frame alone, whatever the order of its
// bytes, and those of the detector itself.
func TestDetectorModel(t *testing.T) {
	neck, _ := detect.Neck("maskrcnn")
	pyr, err := fpn.New(smallTrunk(t), neck)
	require.NoError(t, err)
	det, err := detect.NewMaskRCNN(pyr, detect.WithNumClasses(4), detect.WithScoreThreshold(0.01), detect.WithMaxDetections(9), detect.WithMinMaxSize(120, 200), detect.WithProposals(100, 50))
	require.NoError(t, err)
	m, err := Detect(det)
	require.NoError(t, err)
	list := twoFrames(t)
	both, err := m.Run(context.Background(), list)
	require.NoError(t, err)
	for i, f := range list {
		alone, err := m.Run(context.Background(), []*Frame{f})
		require.NoError(t, err)
		require.NotEmpty(t, alone[0].Detections)
		assert.Equal(t, alone[0].Detections, both[i].Detections)
		b := bgrOf(t, f)
		b.Input, err = m.Prepare(context.Background(), b)
		require.NoError(t, err)
		prepared, err := m.Run(context.Background(), []*Frame{b})
		require.NoError(t, err)
		assert.Equal(t, alone[0].Detections, prepared[0].Detections)
		img, err := f.RGB()
		require.NoError(t, err)
		want, err := det.Detect(context.Background(), []image.Image{img})
		require.NoError(t, err)
		require.Len(t, both[i].Detections, len(want[0]))
		for k, d := range want[0] {
			assert.Equal(t, [4]float32{d.Box.X1, d.Box.Y1, d.Box.X2, d.Box.Y2}, both[i].Detections[k].Box)
			assert.Equal(t, d.Score, both[i].Detections[k].Score)
		}
		for _, d := range both[i].Detections {
			require.NotNil(t, d.Mask)
			assert.Len(t, d.Mask.Bits, d.Mask.Width*d.Mask.Height)
			assert.LessOrEqual(t, d.Mask.X+d.Mask.Width, 150)
			assert.LessOrEqual(t, d.Box[3], float32(120))
		}
	}
	_, err = Detect(nil)
	assert.ErrorIs(t, err, ErrConfig)
}

func TestSegmenterModel(t *testing.T) {
	seg, err := segment.New(smallTrunk(t), segment.Config{Head: segment.FCN})
	require.NoError(t, err)
	seg.Transform.Resize = 96
	m, err := Segment(seg)
	require.NoError(t, err)
	list := twoFrames(t)
	both, err := m.Run(context.Background(), list)
	require.NoError(t, err)
	for i, r := range both {
		require.NotNil(t, r.Segmentation)
		assert.Equal(t, [2]int{150, 120}, [2]int{r.Segmentation.Width, r.Segmentation.Height})
		img, err := list[i].RGB()
		require.NoError(t, err)
		want, err := seg.Segment(context.Background(), img)
		require.NoError(t, err)
		assert.Equal(t, want.Pix, r.Segmentation.Labels)
		prepared, err := m.Run(context.Background(), []*Frame{bgrOf(t, list[i])})
		require.NoError(t, err)
		assert.Equal(t, want.Pix, prepared[0].Segmentation.Labels)
	}
	small, err := NewFrame(30, 20, 90, RGB, make([]uint8, 1800), nil)
	require.NoError(t, err)
	mixed, err := m.Run(context.Background(), []*Frame{list[0], small, list[1]})
	require.NoError(t, err)
	assert.Equal(t, both[0].Segmentation, mixed[0].Segmentation)
	assert.Equal(t, [2]int{30, 20}, [2]int{mixed[1].Segmentation.Width, mixed[1].Segmentation.Height})
	assert.Equal(t, both[1].Segmentation, mixed[2].Segmentation)
	_, err = Segment(nil)
	assert.ErrorIs(t, err, ErrConfig)
}

// An input that is no number is refused, and the frame named.
func TestNonFiniteInputs(t *testing.T) {
	neck, _ := detect.Neck("fcos")
	pyr, err := fpn.New(smallTrunk(t), neck)
	require.NoError(t, err)
	det, err := detect.NewFCOS(pyr, detect.WithMinMaxSize(64, 200))
	require.NoError(t, err)
	detector, err := Detect(det)
	require.NoError(t, err)
	seg, err := segment.New(smallTrunk(t), segment.Config{Head: segment.FCN})
	require.NoError(t, err)
	segmenter, err := Segment(seg)
	require.NoError(t, err)
	network, err := NewNetwork(smallTrunk(t), transform.ImageNet(), nil, 1, "C3")
	require.NoError(t, err)
	for name, m := range map[string]interface {
		Model
		Preparer
	}{"detector": detector, "segmenter": segmenter, "network": network} {
		list := twoFrames(t)
		for i, f := range list {
			f.Source, f.Index = "door", int64(40+i)
			f.Input, err = m.Prepare(context.Background(), f)
			require.NoError(t, err)
		}
		list[1].Input.Data()[3] = float32(math.NaN())
		_, err = m.Run(context.Background(), list)
		require.ErrorIs(t, err, ops.ErrNonFinite, name)
		assert.ErrorContains(t, err, "door, frame 41: ", name)
		assert.ErrorContains(t, err, "channel 0, y 0, x 3 is NaN", name)
	}
}

func TestCutMask(t *testing.T) {
	whole, err := ops.New(4, 6)
	require.NoError(t, err)
	whole.Data()[1*6+2], whole.Data()[2*6+3] = 0.5, 0.9
	m := cutMask(whole, ops.Box{X1: 1.5, Y1: 0.9, X2: 3.2, Y2: 9})
	assert.Equal(t, &Mask{X: 1, Y: 0, Width: 4, Height: 4, Bits: []bool{
		false, false, false, false,
		false, true, false, false,
		false, false, true, false,
		false, false, false, false,
	}}, m)
}
