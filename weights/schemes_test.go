package weights

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
)

func dictOf(t *testing.T, names ...string) *StateDict {
	t.Helper()
	sd := New()
	for _, name := range names {
		x, err := ops.New(2)
		require.NoError(t, err)
		require.NoError(t, sd.Put(name, x))
	}
	return sd
}

func TestCanonical(t *testing.T) {
	cases := map[string]struct {
		scheme   Scheme
		from, to []string
	}{
		"torchvision": {Torchvision,
			[]string{"conv1.weight", "bn1.num_batches_tracked", "layer1.0.conv1.weight", "layer1.0.downsample.0.weight", "fc.bias"},
			[]string{"conv1.weight", "layer1.0.conv1.weight", "layer1.0.downsample.0.weight", "fc.bias"}},
		"DataParallel": {Torchvision,
			[]string{"module.conv1.weight", "module.layer1.0.conv1.weight", "module.linear.weight"},
			[]string{"conv1.weight", "layer1.0.conv1.weight", "fc.weight"}},
		"torchvision detection": {Torchvision,
			[]string{"backbone.body.conv1.weight", "backbone.body.layer1.0.conv1.weight", "backbone.fpn.inner_blocks.0.0.weight", "backbone.fpn.extra_blocks.p6.bias", "rpn.head.conv.0.0.weight"},
			[]string{"conv1.weight", "layer1.0.conv1.weight", "fpn.inner_blocks.0.0.weight", "fpn.extra_blocks.p6.bias", "rpn.head.conv.0.0.weight"}},
		"segmentation under DataParallel": {Torchvision,
			[]string{"module.backbone.conv1.weight", "module.backbone.layer1.0.bn1.bias", "module.classifier.4.weight", "module.aux_classifier.0.weight"},
			[]string{"conv1.weight", "layer1.0.bn1.bias", "classifier.4.weight", "aux_classifier.0.weight"}},
		"torchvision detection before 0.13": {Torchvision,
			[]string{"backbone.body.conv1.weight", "backbone.fpn.inner_blocks.3.weight", "backbone.fpn.layer_blocks.0.bias"},
			[]string{"conv1.weight", "fpn.inner_blocks.3.0.weight", "fpn.layer_blocks.0.0.bias"}},
		"detectron2's RetinaNet": {Detectron2,
			[]string{"backbone.bottom_up.stem.conv1.weight", "backbone.fpn_lateral3.weight", "backbone.fpn_output5.bias", "backbone.top_block.p7.weight"},
			[]string{"conv1.weight", "fpn.inner_blocks.0.0.weight", "fpn.layer_blocks.2.0.bias", "fpn.extra_blocks.p7.weight"}},
		"detectron2's Mask R-CNN": {Detectron2,
			[]string{"backbone.bottom_up.stem.conv1.weight", "proposal_generator.rpn_head.conv.weight", "proposal_generator.rpn_head.objectness_logits.bias",
				"proposal_generator.rpn_head.anchor_deltas.weight", "proposal_generator.anchor_generator.cell_anchors.0", "pixel_mean",
				"roi_heads.box_head.fc1.weight", "roi_heads.box_head.fc2.bias", "roi_heads.box_predictor.cls_score.weight",
				"roi_heads.mask_head.mask_fcn4.weight", "roi_heads.mask_head.deconv.bias", "roi_heads.mask_head.predictor.weight"},
			[]string{"conv1.weight", "rpn.head.conv.0.0.weight", "rpn.head.cls_logits.bias", "rpn.head.bbox_pred.weight",
				"roi_heads.box_head.fc6.weight", "roi_heads.box_head.fc7.bias", "roi_heads.box_predictor.cls_score.weight",
				"roi_heads.mask_head.3.0.weight", "roi_heads.mask_predictor.conv5_mask.bias", "roi_heads.mask_predictor.mask_fcn_logits.weight"}},
		"compiled": {Torchvision, []string{"_orig_mod.module.conv1.weight", "_orig_mod.module.head.fc.bias"}, []string{"conv1.weight", "fc.bias"}},
		"timm resnet50d": {Torchvision,
			[]string{"conv1.0.weight", "conv1.1.running_mean", "conv1.6.weight", "layer1.0.downsample.1.weight", "layer1.0.downsample.2.bias"},
			[]string{"conv1.0.weight", "conv1.1.running_mean", "conv1.6.weight", "layer1.0.downsample.1.weight", "layer1.0.downsample.2.bias"}},
		"CIFAR, option B": {Torchvision,
			[]string{"conv1.weight", "layer2.0.shortcut.0.weight", "layer2.0.shortcut.1.running_var"},
			[]string{"conv1.weight", "layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_var"}},
		"detectron2": {Detectron2,
			[]string{"backbone.bottom_up.stem.conv1.weight", "backbone.bottom_up.stem.conv1.norm.weight", "backbone.bottom_up.stem.conv1.norm.bias",
				"backbone.bottom_up.stem.conv1.norm.running_mean", "backbone.bottom_up.stem.conv1.norm.running_var",
				"backbone.bottom_up.res4.5.conv3.weight", "backbone.bottom_up.res2.0.shortcut.weight", "backbone.fpn_lateral2.norm.weight"},
			[]string{"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var",
				"layer3.5.conv3.weight", "layer1.0.downsample.0.weight", "fpn.inner_blocks.0.1.weight"}},
		"detectron2 classifier, no statistics": {Detectron2,
			[]string{"stem.conv1.weight", "res5.2.conv2.norm.weight", "res5.0.shortcut.norm.weight", "linear.weight"},
			[]string{"conv1.weight", "layer4.2.bn2.weight", "layer4.0.downsample.1.weight", "fc.weight",
				"layer4.2.bn2.running_mean", "layer4.2.bn2.running_var", "layer4.0.downsample.1.running_mean", "layer4.0.downsample.1.running_var"}},
		"Caffe2": {Caffe2,
			[]string{"conv1_w", "res_conv1_bn_s", "res_conv1_bn_b", "res4_22_branch2c_w", "res2_0_branch1_bn_b", "fc1000_w", "conv1_w_momentum", "lr"},
			[]string{"conv1.weight", "bn1.weight", "bn1.bias", "layer3.22.conv3.weight", "layer1.0.downsample.1.bias", "fc.weight",
				"bn1.running_mean", "bn1.running_var"}},
		"no backbone": {Torchvision, []string{"encoder.weight"}, []string{"encoder.weight"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, scheme, err := Canonical(dictOf(t, c.from...))
			require.NoError(t, err)
			assert.Equal(t, c.scheme, scheme)
			assert.Equal(t, c.to, got.Names())
		})
	}
}

// A normalisation without statistics does nothing but scale and shift.
func TestAddedStatistics(t *testing.T) {
	sd, _, err := Canonical(openFixture(t, "python2.pkl"))
	require.NoError(t, err)
	assert.Equal(t, make([]float32, 16), floats(t, sd, "bn1.running_mean"))
	for _, v := range floats(t, sd, "bn1.running_var") {
		assert.InDelta(t, 1, float64(v)+1e-5, 1e-7)
	}
}

func TestCanonicalCollision(t *testing.T) {
	_, _, err := Canonical(dictOf(t, "conv1.weight", "fc.weight", "head.weight"))
	require.ErrorIs(t, err, ErrWeights)
	assert.ErrorContains(t, err, "fc.weight and head.weight both mean fc.weight")
}
