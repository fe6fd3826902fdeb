package backbone

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seen lists, sorted, the places at which a hook on a pattern is called in one
// run of everything.
func seen(t *testing.T, n *Network, pattern string, register func(string, HookFunc) (*Hook, error)) []string {
	t.Helper()
	var list []string
	h, err := register(pattern, func(_ context.Context, a *Activation) error {
		list = append(list, a.Node)
		return nil
	})
	require.NoError(t, err, pattern)
	defer h.Remove()
	_, err = n.Forward(ctx, input(t, 1, 3, 32, 32))
	require.NoError(t, err, pattern)
	slices.Sort(list)
	return list
}

// In a glob * stays between dots and ** does not, in any spelling of names.
func TestHookGlobs(t *testing.T) {
	c := ResNet50()
	c.WidthMultiplier = 0.125
	n, err := New(c)
	require.NoError(t, err)
	all := n.Nodes()
	for pattern, is := range map[string]func(name string) bool{
		"**":        func(string) bool { return true },
		"*":         func(name string) bool { return !strings.Contains(name, ".") },
		"layer4.**": func(name string) bool { return name == "layer4" || strings.HasPrefix(name, "layer4.") },
		"C5.**":     func(name string) bool { return name == "layer4" || strings.HasPrefix(name, "layer4.") },
		"res5.**.conv2": func(name string) bool {
			return slices.Contains([]string{"layer4.0.conv2", "layer4.1.conv2", "layer4.2.conv2"}, name)
		},
		"**.conv1":      func(name string) bool { return name == "conv1" || strings.HasSuffix(name, ".conv1") },
		"**.downsample": func(name string) bool { return strings.HasSuffix(name, ".downsample") },
		"**.shortcut":   func(name string) bool { return strings.HasSuffix(name, ".downsample") },
		"layer[34].*": func(name string) bool {
			return (strings.HasPrefix(name, "layer3") || strings.HasPrefix(name, "layer4")) && strings.Count(name, ".") == 1
		},
		"backbone.body.layer2.*": func(name string) bool {
			return strings.HasPrefix(name, "layer2.") && strings.Count(name, ".") == 1
		},
	} {
		var want []string
		for _, name := range all {
			if is(name) {
				want = append(want, name)
			}
		}
		require.NotEmpty(t, want, pattern)
		slices.Sort(want)
		assert.Equal(t, want, seen(t, n, pattern, n.Hook), pattern)
	}
	assert.Len(t, seen(t, n, "**", n.PreHook), len(all)+16, "each addition has two inputs")
}

// A pattern that can match nothing says why.
func TestHookPatternErrors(t *testing.T) {
	n := small(t)
	for pattern, says := range map[string]string{
		"":                 "empty pattern",
		"layer[":           "without its ]",
		"layer9.**":        "unknown node",
		"stem.**":          "unknown node", // and not everything
		"backbone.body.**": "unknown node",
	} {
		_, err := n.Hook(pattern, func(context.Context, *Activation) error { return nil })
		require.ErrorIs(t, err, ErrNode, pattern)
		assert.ErrorContains(t, err, says, pattern)
	}
	var wrong *LoadError
	sd, err := n.StateDict()
	require.NoError(t, err)
	assert.NoError(t, n.Load(sd, AllowMissing("**.conv1.weight"), IgnoreUnexpected("fc.**")))
	err = n.Load(sd, AllowMissing("fc.["))
	assert.ErrorContains(t, err, "without its ]")
	assert.NotErrorAs(t, err, &wrong)
}
