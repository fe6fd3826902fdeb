// Package vertebra is the overview of a feature-extraction backbone SDK for
// dense prediction. It has no code: start with package backbone.
//
//   - backbone: the residual family (ResNet, ResNeXt, Wide ResNet, the
//     paper's plain and CIFAR nets), its feature maps, hooks and classifier
//   - weights: PyTorch, safetensors, NumPy and detectron2 checkpoints; the
//     published ones by name
//   - ops: tensors and operators with PyTorch's semantics
//   - ops/transform: decoding and preprocessing of images, as torchvision does
//   - configs: models and preprocessing described in YAML
//   - examples: small programs to run and to copy
package vertebra
