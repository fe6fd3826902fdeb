package backbone

import (
	"strings"

	"github.com/pkg/errors"
)

// Level names a feature map by its resolution: C2 is conv2_x's output, the
// first residual stage.
type Level string

// The levels. Networks of three stages, such as the CIFAR ResNets, have C2 to
// C4.
const (
	C2 Level = "C2"
	C3 Level = "C3"
	C4 Level = "C4"
	C5 Level = "C5"
)

// Info describes a level.
type Info struct {
	// Channels of the map.
	Channels int
	// Stride is the image's pixels per pixel of the map.
	Stride int
}

// Levels lists the network's levels, the finest first.
func (n *Network) Levels() []Level {
	list := make([]Level, len(n.stages))
	for i := range list {
		list[i] = Level("C" + string(rune('2'+i)))
	}
	return list
}

// Info gives a level's channels and stride. The level may be spelled in any
// of the ways that names of nodes may. The error wraps [ErrNode].
func (n *Network) Info(level Level) (Info, error) {
	i, err := n.stage(level)
	if err != nil {
		return Info{}, err
	}
	return n.stages[i], nil
}

// Level gives the usual name of a level in any spelling: C4 for conv4_x, res4
// and layer3. The error wraps [ErrNode].
func (n *Network) Level(name Level) (Level, error) {
	i, err := n.stage(name)
	if err != nil {
		return "", err
	}
	return n.Levels()[i], nil
}

// stage is the index of a level's stage.
func (n *Network) stage(level Level) (int, error) {
	if num, ok := strings.CutPrefix(canonicalName(string(level)), "layer"); ok && len(num) == 1 {
		if i := int(num[0] - '1'); i >= 0 && i < len(n.stages) {
			return i, nil
		}
	}
	return 0, errors.Wrapf(ErrNode, "%s has no level %q, it has %v", n.config.Name, level, n.Levels())
}
