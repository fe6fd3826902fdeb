// Package cifar10 carries the examples' default network: the paper's ResNet-20
// (§4.2), trained on CIFAR-10, as PyTorch saved it.
package cifar10

import (
	"bytes"
	_ "embed" // the checkpoint

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/weights"
)

//go:embed resnet20-12fca82f.th
var checkpoint []byte

// Open makes a classifier of the embedded network.
func Open(opts ...backbone.Option) (*classify.Classifier, error) {
	sd, err := weights.OpenReaderAt(bytes.NewReader(checkpoint), int64(len(checkpoint)), "the embedded CIFAR-10 ResNet-20")
	if err != nil {
		return nil, err
	}
	return classify.FromCheckpoint(sd, nil, classify.Source{Model: "cifar_resnet20", Options: opts})
}
