package weights

import (
	"regexp"
	"strings"
)

// settle brings to one form what differs within schemes: the classifier inside a
// Sequential, and how the shortcut of the first stage is numbered.
func settle(view *StateDict) (*StateDict, error) {
	head := lonelyHead(view)
	shift := unpooled(view)
	if head == "" && !shift {
		return view, nil
	}
	return view.Map(func(name string) (string, bool) {
		if rest, ok := strings.CutPrefix(name, head+"."); ok && head != "" {
			return "fc." + rest, true
		}
		if m := firstShortcut.FindStringSubmatch(name); shift && m != nil {
			return m[1] + string(m[2][0]+1) + m[3], true
		}
		return name, true
	})
}

var headInside = regexp.MustCompile(`^((?:fc|linear|head|head\.fc|classifier|last_linear)\.)\d+\.weight$`)

// lonelyHead finds a classifier that is the only weights of a Sequential: fc.1
// behind a Dropout. With others beside it it would compute something else.
func lonelyHead(view *StateDict) string {
	if view.tensors["fc.weight"] != nil {
		return ""
	}
	found := ""
	for _, name := range view.names {
		m := headInside.FindStringSubmatch(name)
		if m == nil || !isMatrix(view, name) {
			continue
		}
		module := strings.TrimSuffix(name, ".weight")
		for _, other := range view.names {
			if strings.HasPrefix(other, m[1]) && !strings.HasPrefix(other, module+".") {
				return ""
			}
		}
		if found != "" {
			return ""
		}
		found = module
	}
	return found
}

var (
	firstShortcut  = regexp.MustCompile(`^(layer1\.0\.downsample\.)([01])(\..*)$`)
	pooledShortcut = regexp.MustCompile(`^layer\d+\.0\.downsample\.2\.weight$`)
)

// unpooled reports whether shortcuts have an average pool, which is number 0, but
// the first stage's, which has no stride, has none. timm leaves the number out
// there.
func unpooled(view *StateDict) bool {
	if view.tensors["layer1.0.downsample.0.weight"] == nil {
		return false
	}
	for _, name := range view.names {
		if pooledShortcut.MatchString(name) {
			return view.tensors["layer1.0.downsample.2.weight"] == nil
		}
	}
	return false
}
