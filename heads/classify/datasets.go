package classify

import (
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// ImageNet is the preprocessing (resize 256, crop 224) and the 1000 labels of
// ImageNet-1k, in torchvision's words.
func ImageNet() (transform.Classification, []string) {
	return transform.ImageNet(), weights.Labels("imagenet1k")
}

// CIFAR10 is the preprocessing and the 10 labels of CIFAR-10, as the published
// CIFAR ResNets use them: 32 pixels, ImageNet's mean and deviation.
func CIFAR10() (transform.Classification, []string) {
	tf := transform.ImageNet()
	tf.Resize, tf.Crop = 32, 32
	return tf, []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
}
