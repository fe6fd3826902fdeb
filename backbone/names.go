package backbone

import (
	"regexp"
	"strings"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// stageName matches the spellings of a stage, the rest of the path behind it:
// C4, conv4_x, res4.0.conv1, layer3.
var stageName = regexp.MustCompile(`^(?i:c|res|conv)([2-9])(?:_x)?(\..*)?$`)

// canonicalName translates a node's name, or a pattern, from any spelling to
// torchvision's. What a pattern has before a wildcard is not taken off: without
// it, stem.* would be everything.
func canonicalName(name string) string {
	if rest := unwrap(name); !isWild(rest) {
		name = rest
	}
	if m := stageName.FindStringSubmatch(name); m != nil {
		name = "layer" + string(m[1][0]-1) + m[2]
	}
	segments := strings.Split(name, ".")
	for i, s := range segments {
		if s == "shortcut" {
			segments[i] = "downsample"
		}
	}
	if segments[0] == "stem" && len(segments) > 1 && !isWild(segments[1]) {
		segments = segments[1:]
	}
	return strings.Join(segments, ".")
}

// isWild reports a pattern whose first segment stands for several names.
func isWild(pattern string) bool {
	first, _, _ := strings.Cut(pattern, ".")
	return names.HasGlob(first)
}

// classifierName translates the other names of fc.
func classifierName(name string) string {
	first, rest, _ := strings.Cut(name, ".")
	switch first {
	case "linear", "head", "classifier", "logits":
		return strings.TrimSuffix("fc."+rest, ".")
	}
	return name
}
