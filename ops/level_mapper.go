package ops

import (
	"math"

	"github.com/pkg/errors"
)

// LevelMapper chooses the pyramid level that a box is pooled from, equation 1
// of Lin et al., "Feature Pyramid Networks" (2017), as torchvision's
// MultiScaleRoIAlign does.
type LevelMapper struct {
	// Min and Max are the levels there are: 2 and 5 for strides 4 to 32.
	Min, Max int
	// CanonicalSize is the side of a box that belongs to CanonicalLevel.
	CanonicalSize, CanonicalLevel int
}

// NewLevelMapper makes a mapper with the paper's 224 pixels at level 4.
func NewLevelMapper(minLevel, maxLevel int) LevelMapper {
	return LevelMapper{Min: minLevel, Max: maxLevel, CanonicalSize: 224, CanonicalLevel: 4}
}

// levelEps is torchvision's: it keeps a box of exactly 224 pixels at level 4
// in spite of rounding.
const levelEps = 1e-6

// Level is a box's level less Min: the index of its map. Boxes whose area is
// negative or NaN are of the finest level.
func (m LevelMapper) Level(b Box) int {
	size := sqrt32(b.Area()) / float32(m.CanonicalSize)
	level := float32(math.Log2(float64(size)))
	level = float32(math.Floor(float64(float32(m.CanonicalLevel) + level + levelEps)))
	switch {
	case level > float32(m.Max):
		return m.Max - m.Min
	case level > float32(m.Min):
		return int(level) - m.Min
	}
	return 0
}

// InferScale is the factor from an image's height to a map's, rounded to a
// power of two, as MultiScaleRoIAlign finds it. The image is the largest of
// the batch, without padding.
func InferScale(mapHeight, imageHeight int) (float32, error) {
	if mapHeight < 1 || imageHeight < 1 {
		return 0, errors.Wrapf(ErrShape, "scale of a map %d high for an image %d high", mapHeight, imageHeight)
	}
	ratio := float32(float64(mapHeight) / float64(imageHeight))
	return float32(math.Exp2(math.RoundToEven(math.Log2(float64(ratio))))), nil
}
