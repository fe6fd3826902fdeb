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
//
// # NaN and infinities
//
// Forward, Features and Run compute with them as PyTorch does: every value that
// depends on one is NaN or infinite too, and the other images of a batch keep
// their bits. Two algorithms spread it further within its image. Winograd's adds
// and subtracts the inputs of a tile, so that all of up to 6×6 outputs, in all
// channels, are NaN where PyTorch has one that is not finite: five outputs
// further at most in each direction, times the dilation. Strassen's, of 1×1
// convolutions, adds up two or four pixels and spreads it to all of them. Groups
// of a convolution that are computed together share it as well. After
// [WithoutWinograd] only groups do. Calls that answer with classes, boxes or
// vectors, in the packages below heads and video, refuse such inputs.
package backbone
