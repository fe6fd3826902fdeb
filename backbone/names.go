package backbone

import (
	"regexp"
	"strings"
)

// stageName matches the spellings of a stage, the rest of the path behind it:
// C4, conv4_x, res4.0.conv1, layer3.
var stageName = regexp.MustCompile(`^(?i:c|res|conv)([2-9])(?:_x)?(\..*)?$`)

// canonicalName translates a node's name, or a pattern, from any spelling to
// torchvision's.
func canonicalName(name string) string {
	name = unwrap(name)
	if m := stageName.FindStringSubmatch(name); m != nil {
		name = "layer" + string(m[1][0]-1) + m[2]
	}
	segments := strings.Split(name, ".")
	for i, s := range segments {
		if s == "shortcut" {
			segments[i] = "downsample"
		}
	}
	if segments[0] == "stem" && len(segments) > 1 {
		segments = segments[1:]
	}
	return strings.Join(segments, ".")
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
