// Package cli is what the examples' command lines have in common: flags, those
// that choose a network above all, Ctrl-C, errors and progress.
package cli

import (
	"context"
	"flag"
	"os"
	"strings"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/examples/internal/cifar10"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/weights"
)

// Network are the flags that choose a network.
type Network struct {
	Model, Weights, Under string
	Threads               int
}

// UnderUsage explains the flag -under.
const UnderUsage = "the `KEY` of the network to take where the file holds several, such as teacher or ema"

// Register adds the flags.
func (n *Network) Register(fs *flag.FlagSet) {
	fs.StringVar(&n.Model, "model", "", "the network: "+strings.Join(backbone.Presets(), ", ")+" (default: an embedded ResNet-20 for CIFAR-10)")
	fs.StringVar(&n.Weights, "weights", "", "a checkpoint's `FILE` (.pth, .safetensors …) or a published one's name, such as resnet50/IMAGENET1K_V2, which is downloaded once (default: the model's published default)")
	fs.StringVar(&n.Under, "under", "", UnderUsage)
	fs.IntVar(&n.Threads, "threads", 0, "threads a run (default: all processors)")
}

// Open makes the network, with a progress bar on standard error where it is
// downloaded.
func (n *Network) Open(ctx context.Context) (*classify.Classifier, error) {
	var opts []backbone.Option
	if n.Threads != 0 {
		opts = append(opts, backbone.WithThreads(n.Threads))
	}
	if n.Model == "" && n.Weights == "" {
		return cifar10.Open(opts...)
	}
	return classify.Open(ctx, classify.Source{Model: n.Model, Weights: n.Weights, Under: n.Under, Options: opts},
		weights.WithProgressBar(os.Stderr))
}
