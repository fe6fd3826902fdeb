// Package vertebra is the overview of a feature-extraction backbone SDK for
// dense prediction. It has no code: start with package backbone.
//
//   - backbone: the residual family (ResNet, ResNeXt, Wide ResNet, the
//     paper's plain and CIFAR nets), its feature maps, hooks and classifier
//   - weights: PyTorch, safetensors, NumPy and detectron2 checkpoints; the
//     published ones by name
//   - ops: tensors and operators with PyTorch's semantics
//   - ops/transform: decoding and preprocessing of images, as torchvision does
//   - fpn: feature pyramids on a backbone
//   - heads/classify, heads/detect, heads/segment: classes and embeddings,
//     detectors, segmentation
//   - video: frames in, results out; video/opencv for what needs OpenCV
//   - configs: networks and video pipelines described in YAML
//   - examples: small programs to run and to copy
//
// The folder docs has a page for each task: features into a head of one's own,
// a camera to JSON, hosts without internet.
package vertebra
