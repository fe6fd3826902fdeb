package weights

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// pyramidNames translates the names of a feature pyramid's weights.
type pyramidNames struct{ finest int } // the level of detectron2's first lateral

var (
	torchvisionPyramid = regexp.MustCompile(`^(?:.*\.)?(fpn\.(?:inner|layer|extra)_blocks\..*)$`)
	// Until torchvision 0.13 the convolutions had no module around them.
	bareConvolution   = regexp.MustCompile(`^(fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$`)
	detectron2Pyramid = regexp.MustCompile(`^(?:.*\.)?fpn_(lateral|output)(\d)\.(norm\.)?(\w+)$`)
	detectron2Top     = regexp.MustCompile(`^(?:.*\.)?top_block\.(p[67]\.\w+)$`)
)

// finestLateral is the lowest level that detectron2's names mention.
func finestLateral(names []string) int {
	finest := 9
	for _, name := range names {
		if m := detectron2Pyramid.FindStringSubmatch(name); m != nil {
			level, _ := strconv.Atoi(m[2])
			finest = min(finest, level)
		}
	}
	return finest
}

// translate gives the name of a pyramid's weight; false where it is none's.
func (p pyramidNames) translate(name string) (string, bool) {
	if m := torchvisionPyramid.FindStringSubmatch(name); m != nil {
		return bareConvolution.ReplaceAllString(m[1], "$1.0.$2"), true
	}
	if m := detectron2Top.FindStringSubmatch(name); m != nil {
		return "fpn.extra_blocks." + m[1], true
	}
	m := detectron2Pyramid.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	blocks, part := map[string]string{"lateral": "inner_blocks", "output": "layer_blocks"}[m[1]], 0
	if strings.HasPrefix(m[3], "norm") {
		part = 1
	}
	level, _ := strconv.Atoi(m[2])
	return fmt.Sprintf("fpn.%s.%d.%d.%s", blocks, level-p.finest, part, m[4]), true
}
