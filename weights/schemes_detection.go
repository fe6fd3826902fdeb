package weights

import "regexp"

// detectron2Detection lists, in order, detectron2's names of the parts of an
// R-CNN's heads, and torchvision's.
var detectron2Detection = []struct {
	pattern *regexp.Regexp
	to      string
}{
	{regexp.MustCompile(`^proposal_generator\.rpn_head\.conv\.(weight|bias)$`), "rpn.head.conv.0.0.$1"},
	{regexp.MustCompile(`^proposal_generator\.rpn_head\.objectness_logits\.`), "rpn.head.cls_logits."},
	{regexp.MustCompile(`^proposal_generator\.rpn_head\.anchor_deltas\.`), "rpn.head.bbox_pred."},
	{regexp.MustCompile(`^roi_heads\.box_head\.fc1\.`), "roi_heads.box_head.fc6."},
	{regexp.MustCompile(`^roi_heads\.box_head\.fc2\.`), "roi_heads.box_head.fc7."},
	{regexp.MustCompile(`^roi_heads\.mask_head\.mask_fcn1\.`), "roi_heads.mask_head.0.0."},
	{regexp.MustCompile(`^roi_heads\.mask_head\.mask_fcn2\.`), "roi_heads.mask_head.1.0."},
	{regexp.MustCompile(`^roi_heads\.mask_head\.mask_fcn3\.`), "roi_heads.mask_head.2.0."},
	{regexp.MustCompile(`^roi_heads\.mask_head\.mask_fcn4\.`), "roi_heads.mask_head.3.0."},
	{regexp.MustCompile(`^roi_heads\.mask_head\.deconv\.`), "roi_heads.mask_predictor.conv5_mask."},
	{regexp.MustCompile(`^roi_heads\.mask_head\.predictor\.`), "roi_heads.mask_predictor.mask_fcn_logits."},
}

// detectron2Constants are no weights: anchors, and how pixels are normalised.
var detectron2Constants = regexp.MustCompile(`^(proposal_generator\.anchor_generator\.cell_anchors\.\d+|anchor_generator\.cell_anchors\.\d+|pixel_mean|pixel_std)$`)

// fromDetectron2Heads gives a key outside the backbone its torchvision name;
// keep is false where it is no weight.
func fromDetectron2Heads(name string) (to string, keep bool) {
	if detectron2Constants.MatchString(name) {
		return "", false
	}
	for _, part := range detectron2Detection {
		if part.pattern.MatchString(name) {
			return part.pattern.ReplaceAllString(name, part.to), true
		}
	}
	return name, true
}
