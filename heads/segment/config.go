package segment

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
)

// ErrConfig is wrapped by errors about a configuration that describes no head.
var ErrConfig = backbone.ErrConfig

// Head is the kind of head.
type Head string

const (
	// FCN is torchvision's FCNHead: a 3x3 convolution to a quarter of the
	// channels, and a 1x1 to the classes.
	FCN Head = "fcn"
	// DeepLabV3 is torchvision's DeepLabHead: atrous spatial pyramid pooling,
	// with an image-level branch.
	DeepLabV3 Head = "deeplabv3"
	// DeepLabV2 is the sum of dilated 3x3 classifiers (Chen et al., "DeepLab",
	// 2016, §3.2).
	DeepLabV2 Head = "deeplabv2"
	// PSP pools the map into bins and joins what convolutions make of them
	// (Zhao et al., "Pyramid Scene Parsing Network", 2017, §3.2).
	PSP Head = "psp"
)

// Config describes a head. Only Head must be set.
type Config struct {
	Head Head
	// NumClasses is 21 for 0: those of Pascal VOC, the background first.
	NumClasses int
	// Auxiliary adds torchvision's second FCN head, on C4.
	Auxiliary bool
	// Rates are the dilations of DeepLab's branches. V3's default is 12, 24
	// and 36, torchvision's for an output stride of 8; V2's is 6, 12, 18, 24.
	Rates []int
	// Bins are the sides of PSP's pooled maps. The default is 1, 2, 3, 6.
	Bins []int
	// Level is the map that the head reads; the coarsest for "".
	Level backbone.Level
}

func (c Config) withDefaults(net *backbone.Network) Config {
	if c.NumClasses == 0 {
		c.NumClasses = 21
	}
	if len(c.Rates) == 0 {
		switch c.Head {
		case DeepLabV3:
			c.Rates = []int{12, 24, 36}
		case DeepLabV2:
			c.Rates = []int{6, 12, 18, 24}
		}
	}
	if len(c.Bins) == 0 && c.Head == PSP {
		c.Bins = []int{1, 2, 3, 6}
	}
	if c.Level == "" {
		levels := net.Levels()
		c.Level = levels[len(levels)-1]
	}
	return c
}

// maxClasses is what a palette holds.
const maxClasses = 256

func (c Config) validate() error {
	switch {
	case !slices.Contains([]Head{FCN, DeepLabV3, DeepLabV2, PSP}, c.Head):
		return errors.Wrapf(ErrConfig, "segment: unknown head %q, want %s, %s, %s or %s", c.Head, FCN, DeepLabV3, DeepLabV2, PSP)
	case c.NumClasses < 1 || c.NumClasses > maxClasses:
		return errors.Wrapf(ErrConfig, "segment: %d classes, want 1 to %d", c.NumClasses, maxClasses)
	case len(c.Rates) > 0 && c.Head != DeepLabV3 && c.Head != DeepLabV2:
		return errors.Wrapf(ErrConfig, "segment: rates are DeepLab's, the head is %s", c.Head)
	case len(c.Bins) > 0 && c.Head != PSP:
		return errors.Wrapf(ErrConfig, "segment: bins are PSP's, the head is %s", c.Head)
	}
	for _, n := range slices.Concat(c.Rates, c.Bins) {
		if n < 1 || n > 1<<12 {
			return errors.Wrapf(ErrConfig, "segment: rate or bin %d, want 1 to 4096", n)
		}
	}
	return nil
}
