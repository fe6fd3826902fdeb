// Package backbone is the residual family of He et al., "Deep Residual
// Learning for Image Recognition" (2015), and its descendants: ResNet v1 and
// v1.5, ResNeXt, Wide ResNet, ResNet-C and -D, the paper's plain and CIFAR
// nets. It gives their feature maps conv2_x–conv5_x (C2–C5), any activation
// inside, and by default the classes.
//
// A [Config] describes a network and [New] makes it; [Network.Load] takes the
// weights from a checkpoint; [Network.Forward], [Network.Features] and
// [Network.Run] compute. A Network is safe for concurrent use.
//
// Nodes are named by their torchvision module path, so a checkpoint key is a
// node's name plus ".weight" or the like. Wherever a name is taken, the
// paper's (conv4_x), detectron2's (res4.0.conv1, res4.0.shortcut) and the
// feature-level names (C4, stem) are understood as well.
package backbone
