package detect

import (
	"context"

	"github.com/vertebra-vision/vertebra/weights"
)

// NoEps stands for an epsilon of zero in backbone.Config.NormEps and
// Source.NormEps, where 0 means the default.
const NoEps = 1e-30

// publishedEps is what a checkpoint's backbone adds to variances, 0 for the
// usual epsilon. Those of torchvision's first detectors were trained with
// nothing added; its builders call overwrite_eps(model, 0.0) for them.
func publishedEps(c *weights.Checkpoint) float64 {
	if !firstKinds[kindOf(c)] || c.Tag == "COCO_LEGACY" {
		return 0
	}
	return NoEps
}

// firstKinds are the kinds that torchvision had first.
var firstKinds = map[string]bool{"fasterrcnn": true, "maskrcnn": true, "keypointrcnn": true, "retinanet": true}

// identify is replaced in tests, for published files are large.
var identify = weights.Identify

func kindOf(c *weights.Checkpoint) string {
	kind, _, _ := splitModel(c.Model)
	return kind
}

// BackboneEps is backbone.Config.NormEps of a detector whose weights come from a
// published checkpoint or, where that is nil, from a file, 0 for the usual one.
// The same bytes have the same, whatever the file is called: where it matters,
// for torchvision's first kinds, the file is known by its SHA-256.
func BackboneEps(ctx context.Context, kind string, published *weights.Checkpoint, path string) (float64, error) {
	if !firstKinds[kind] {
		return 0, nil
	}
	if published == nil {
		var err error
		if published, err = identify(ctx, path); published == nil {
			return 0, err
		}
	}
	return publishedEps(published), nil
}
