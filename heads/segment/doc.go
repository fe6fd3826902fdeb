// Package segment gives every pixel a class: FCN (Long et al., 2015), DeepLabV3
// (Chen et al., 2017), DeepLab v2's and PSPNet's heads on any backbone, with
// torchvision's names and numbers.
//
// A Segmenter is a backbone.Network that goes on: backbone and head are one
// graph and run as one plan. Its nodes are torchvision's without what wraps the
// backbone: layer4, classifier.0.convs.1.0, classifier.4; "out" and "aux" are
// the logits at the input's size.
package segment
