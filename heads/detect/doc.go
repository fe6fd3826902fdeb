// Package detect owns object detection: Faster, Mask and Keypoint R-CNN,
// RetinaNet and FCOS on any network of package backbone, with torchvision's
// structure, checkpoint keys and numbers, and Faster and Mask R-CNN with
// detectron2's.
//
// A [Detector] takes images of any sizes and gives boxes in the pixels of
// each, named and scored, with masks or keypoints where the detector has them.
// Backbone, pyramid and the convolutional heads are one graph and run as one
// plan; the heads that work on regions run on batches of them.
package detect
