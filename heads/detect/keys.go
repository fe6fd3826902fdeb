package detect

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// torchvisionKey is torchvision's name of one of the graph's parameters.
func (d *Detector) torchvisionKey(name string) string {
	if strings.HasPrefix(name, d.inBoxHead) && d.inBoxHead != "" {
		return boxHeadPrefix + name
	}
	for _, own := range []string{"rpn.", "roi_heads.", "head."} {
		if strings.HasPrefix(name, own) {
			return name
		}
	}
	if strings.HasPrefix(name, "fpn.") {
		return "backbone." + name
	}
	return "backbone.body." + name
}

// adapter turns a parameter from torchvision's shape into that of the graph
// and back.
type adapter struct {
	torch, own   []int
	forth, backs func(src []float32) []float32
}

func reshaped(torch, own []int) adapter {
	same := func(src []float32) []float32 { return src }
	return adapter{torch: torch, own: own, forth: same, backs: same}
}

// oldKeys are the names that modules had before torchvision 0.13, which its
// older checkpoints still have.
var oldKeys = []struct {
	pattern *regexp.Regexp
	replace func(m []string) string
}{
	{regexp.MustCompile(`^(rpn\.head\.conv)\.(weight|bias)$`), func(m []string) string { return m[1] + ".0.0." + m[2] }},
	{regexp.MustCompile(`^(head\.(?:classification|regression)_head\.conv)\.(\d)\.(weight|bias)$`), func(m []string) string {
		i, _ := strconv.Atoi(m[2])
		return m[1] + "." + strconv.Itoa(i/2) + ".0." + m[3]
	}},
	{regexp.MustCompile(`^(roi_heads\.mask_head)\.mask_fcn(\d)\.(weight|bias)$`), func(m []string) string {
		i, _ := strconv.Atoi(m[2])
		return m[1] + "." + strconv.Itoa(i-1) + ".0." + m[3]
	}},
}

// newKey is the present name of a key; known reports the detector's own.
func newKey(key string, known map[string]bool) string {
	if known[key] {
		return key
	}
	for _, old := range oldKeys {
		if m := old.pattern.FindStringSubmatch(key); m != nil && known[old.replace(m)] {
			return old.replace(m)
		}
	}
	return key
}

// keys brings what weights.Canonical made of a checkpoint to the graph's keys
// and shapes.
func (d *Detector) keys(sd *weights.StateDict) (*weights.StateDict, error) {
	known := map[string]bool{}
	for _, p := range d.net.Params() {
		known[p.Name] = true
	}
	adapted := map[string]*weights.Tensor{}
	view, err := sd.Map(func(name string) (string, bool) {
		t, _ := sd.Get(name)
		name = newKey(strings.TrimPrefix(unwrapped(name), d.wrapped()), known)
		if a, ok := d.adapters[name]; ok && slices.Equal(t.Shape(), a.torch) {
			adapted[name] = t
			return "", false
		}
		return name, true
	})
	if err != nil {
		return nil, err
	}
	for name, t := range adapted {
		if err := adapt(view, name, t, d.adapters[name]); err != nil {
			return nil, err
		}
	}
	return view, nil
}

// boxHeadPrefix is before the names of the backbone's last stage where that is
// the box head.
const boxHeadPrefix = "roi_heads.box_head."

// wrapped is that prefix, or nothing.
func (d *Detector) wrapped() string {
	if d.inBoxHead == "" {
		return ""
	}
	return boxHeadPrefix
}

// unwrapped takes off what wraps a whole model.
func unwrapped(name string) string {
	for _, prefix := range []string{"module.", "model.", "_orig_mod."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

func adapt(view *weights.StateDict, name string, t *weights.Tensor, a adapter) error {
	values, err := t.Float32s()
	if err != nil {
		return err
	}
	own, err := ops.FromSlice(a.forth(values), a.own...)
	if err != nil {
		return err
	}
	return view.Put(name, own)
}

// countClasses reads the number of classes, the background included, off a
// checkpoint's heads; 0 where it has none.
func countClasses(sd *weights.StateDict) int {
	view, _, err := weights.Canonical(sd)
	if err != nil {
		return 0
	}
	rows := map[string]int{}
	for _, name := range view.Names() {
		if t, _ := view.Get(name); len(t.Shape()) == 1 {
			rows[unwrapped(name)] = t.Shape()[0]
		}
	}
	if n := rows["roi_heads.box_predictor.cls_score.bias"]; n != 0 {
		return n
	}
	if anchors := rows["head.regression_head.bbox_reg.bias"] / 4; anchors != 0 {
		return rows["head.classification_head.cls_logits.bias"] / anchors
	}
	return 0
}
