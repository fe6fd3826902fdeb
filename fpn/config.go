package fpn

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
)

// ErrConfig is wrapped by errors about a configuration that describes no neck.
var ErrConfig = backbone.ErrConfig

// Extra is the levels above the coarsest that the backbone has.
type Extra string

const (
	// NoExtra adds none.
	NoExtra Extra = ""
	// MaxPool is torchvision's LastLevelMaxPool: every second pixel of the
	// last level ('pool', P6).
	MaxPool Extra = "max_pool"
	// P6P7 is torchvision's LastLevelP6P7 on the backbone's last map: 3x3
	// convolutions of stride 2, with a ReLU between them.
	P6P7 Extra = "p6p7"
	// P6P7FromP5 is the same on the last level of the pyramid.
	P6P7FromP5 Extra = "p6p7_from_p5"
)

// Norm is the normalisation after the neck's convolutions, which then have no
// bias.
type Norm string

const (
	// NoNorm is torchvision's default.
	NoNorm Norm = ""
	// BatchNorm is torchvision's norm_layer=nn.BatchNorm2d.
	BatchNorm Norm = "batch"
	// GroupNorm is detectron2's GN, with 32 groups.
	GroupNorm Norm = "group"
)

// Fuse is how a level joins what comes from above.
type Fuse string

const (
	// Sum adds them, as the paper does.
	Sum Fuse = "sum"
	// Average halves the sum: detectron2's fuse_type="avg".
	Average Fuse = "avg"
)

// Config describes a feature pyramid. The zero value is torchvision's: all of
// the backbone's levels, 256 channels, no extra level.
type Config struct {
	// Levels of the backbone that the pyramid is made of, the finest first;
	// all without any. Some may be left out between others.
	Levels []backbone.Level
	// Channels of every level; 256 for 0.
	Channels int
	// Extra levels above the coarsest.
	Extra Extra
	// Norm after every convolution.
	Norm Norm
	// Fuse is Sum for "".
	Fuse Fuse
	// BottomUp adds PAN's upward path.
	BottomUp bool
}

// TorchvisionDetection is the neck of torchvision's Faster, Mask and Keypoint
// R-CNN: C2 to C5 and a pooled level.
func TorchvisionDetection() Config { return Config{Extra: MaxPool} }

// TorchvisionRetinaNet is the neck of torchvision's RetinaNet and FCOS: C3 to
// C5, P6 and P7 on P5 (retinanet_resnet50_fpn_v2 has them on C5: P6P7).
func TorchvisionRetinaNet() Config {
	return Config{Levels: []backbone.Level{backbone.C3, backbone.C4, backbone.C5}, Extra: P6P7FromP5}
}

// withDefaults fills in what the backbone decides.
func (c Config) withDefaults(net *backbone.Network) Config {
	if len(c.Levels) == 0 {
		c.Levels = net.Levels()
	}
	if c.Channels == 0 {
		c.Channels = 256
	}
	if c.Fuse == "" {
		c.Fuse = Sum
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Channels < 1 || c.Channels > 1<<16:
		return errors.Wrapf(ErrConfig, "fpn: %d channels, want 1 to 65536", c.Channels)
	case c.Norm == GroupNorm && c.Channels%normGroups != 0:
		return errors.Wrapf(ErrConfig, "fpn: %d channels do not divide into the %d groups of its normalisation", c.Channels, normGroups)
	}
	known := map[bool]string{
		c.Extra == NoExtra || c.Extra == MaxPool || c.Extra == P6P7 || c.Extra == P6P7FromP5: "extra levels " + string(c.Extra),
		c.Norm == NoNorm || c.Norm == BatchNorm || c.Norm == GroupNorm:                       "norm " + string(c.Norm),
		c.Fuse == Sum || c.Fuse == Average:                                                   "fuse " + string(c.Fuse),
	}
	if what, bad := known[false]; bad {
		return errors.Wrapf(ErrConfig, "fpn: unknown %s", what)
	}
	if !slices.IsSorted(c.Levels) {
		return errors.Wrapf(ErrConfig, "fpn: levels %v: want the finest first", c.Levels)
	}
	return nil
}

// normGroups is detectron2's.
const normGroups = 32
