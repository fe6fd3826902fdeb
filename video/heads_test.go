package video

import (
	"context"
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

// A batch's results are those of each frame alone.
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
	}
	_, err = Segment(nil)
	assert.ErrorIs(t, err, ErrConfig)
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
