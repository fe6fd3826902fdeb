// Package fpn is the neck: it turns a backbone's maps C2–C5 into a pyramid of
// maps with the same number of channels, P2–P7, for heads that find things of
// every size. It has torchvision's FeaturePyramidNetwork (Lin et al., "Feature
// Pyramid Networks for Object Detection", 2017) with its extra levels,
// detectron2's variants of it, PAN's second, upward path (Liu et al., 2018)
// and LoFTR's ResNetFPN (Sun et al., 2021).
//
// Backbone and neck are one graph and run as one plan. A Pyramid is itself a
// backbone.Network: it loads checkpoints, takes hooks, shows its plan and runs
// any node. Nodes are named as in torchvision without what wraps the backbone:
// layer1.0.conv1, fpn.inner_blocks.0.0, fpn.layer_blocks.0.0; names with
// torchvision's and detectron2's wrapping (backbone.body.layer1, fpn_lateral2)
// are understood too, and levels by P2, p2 and torchvision's '0'.
package fpn
