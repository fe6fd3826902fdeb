package names

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGlob(t *testing.T) {
	for pattern, c := range map[string]struct{ matches, not string }{
		"layer1":          {"layer1", "layer1.0 layer10 xlayer1"},
		"layer1.*":        {"layer1.0 layer1.x", "layer1 layer1.0.conv1 layer2.0"},
		"*":               {"conv1 fc", "layer1.0"},
		"**":              {"conv1 layer1.0 layer1.0.conv1", ""},
		"layer4.**":       {"layer4 layer4.0 layer4.2.conv3", "layer40 layer3.0 xlayer4"},
		"layer4.**.conv2": {"layer4.conv2 layer4.0.conv2 layer4.0.a.conv2", "layer4 layer4.0.conv20 layer3.0.conv2"},
		"**.conv1":        {"conv1 layer1.0.conv1", "xconv1 layer1.0.conv1.weight"},
		"a.**.**.b":       {"a.b a.x.b a.x.y.b", "a.x ab"},
		"a.**.**":         {"a a.b a.b.c", "ab"},
		"**.**":           {"a a.b", ""},
		"fc**":            {"fc fc.weight fcx.y.z", "xfc layer1.fc"},
		"**conv2":         {"conv2 xconv2 layer1.0.conv2", "conv2.weight"},
		"a***":            {"a a.b.c", "b"},
		"layer?.0":        {"layer1.0 layer9.0", "layer10.0 layer.0 layer1.1"},
		"layer[34].*.bn*": {"layer3.0.bn1 layer4.1.bn", "layer2.0.bn1 layer3.bn1"},
		"layer[^34].0":    {"layer1.0", "layer3.0"},
		"layer[1-3]":      {"layer1 layer3", "layer4 layer-"},
		`a\*b`:            {"a*b", "axb"},
		`[\]x]`:           {"] x", "y"},
		`[\-a]`:           {"- a", "b"},
		"[[]":             {"[", "]"},
		"a+(b)|c$":        {"a+(b)|c$", "ab"},
		"größe":           {"größe", "grosse"},
	} {
		match, err := Glob(pattern)
		require.NoError(t, err, pattern)
		for _, name := range strings.Fields(c.matches) {
			assert.True(t, match(name), "%s matches %s", pattern, name)
		}
		for _, name := range strings.Fields(c.not) {
			assert.False(t, match(name), "%s does not match %s", pattern, name)
		}
	}
	for pattern, says := range map[string]string{
		"": "empty", "layer[": "without its ]", "a.[b.c]": "without its ]", `a\`: `ends with a \`, "[z-a]": "higher to the lower",
		strings.Repeat("*.", 1000): "at most",
	} {
		_, err := Glob(pattern)
		assert.ErrorContains(t, err, says, pattern)
	}
}

// Without ** a pattern means what path.Match makes of it, dots for slashes;
// and no pattern, whatever its bytes, takes long or panics.
func FuzzGlob(f *testing.F) {
	f.Add("layer[1-3].*.conv?", "layer2.0.conv1")
	f.Add("**.a**.**", "b.ac.d")
	f.Add(`\[[^\]-a]`, "[b")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		match, err := Glob(pattern)
		if err != nil {
			require.Less(t, len(err.Error()), 5*maxLen)
			return
		}
		got := match(name)
		if strings.ContainsAny(pattern+name, "/\\[") || strings.Contains(pattern, "**") || !isASCII(pattern+name) {
			return
		}
		want, err := path.Match(strings.ReplaceAll(pattern, ".", "/"), strings.ReplaceAll(name, ".", "/"))
		require.NoError(t, err)
		require.Equal(t, want, got, "%q %q", pattern, name)
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0
}
