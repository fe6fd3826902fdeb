package configs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is parsed has a text that is parsed to the same.
func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add(fullPipeline)
	f.Add("version: 1\ninclude: resnet18\nmodel: {threads: ${A:-2}, labels: ['$${x', '$$${', '${B:-c}']}\noutputs: ${HOME}")
	for _, name := range Shipped() {
		text, err := readShipped(name)
		require.NoError(f, err)
		f.Add(string(text))
	}
	f.Add("version: 1\nmodel: &m {backbone: *m}")
	f.Add("version: 1\nmodel: {backbone: {preset: &p resnet50, name: *p, seed: 18446744073709551615, width_multiplier: 1e-1}}")
	f.Add("version: 1\nmodel: {backbone: resnet18, weights: \"a\\n\\tb: #\"}\noutputs: ['<<', '1', \"\\u2028\", '~']")
	f.Add("version: 1\nmodel: {<<: {backbone: resnet18}, ? [a] : b, ? : c}\n--- x")
	f.Add("%YAML 1.2\n---\nx-a: &a {threads: 010}\nx-b: &b [*a, {labels: voc21}]\nversion: 1\nmodel: {<<: *b, backbone: resnet18}")
	f.Add("version: 1\ninclude: resnet18\nx-a: &a {<<: {threads: 3}}\n<<: {model: *a, <<: *a}\n\tx: \xff")
	f.Add("\xff\xfev\x00:\x00 \x001\x00")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("x", []byte(text))
		if err != nil {
			require.ErrorIs(t, err, ErrConfig)
			require.Less(t, len(err.Error()), 1<<14)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		requireSame(t, c)
	})
}

// requireSame checks that a configuration's text describes it.
func requireSame(t *testing.T, c *Config) {
	t.Helper()
	again, err := Parse("x", []byte(c.String()))
	require.NoError(t, err, c.String())
	require.Equal(t, c.String(), again.String())
	c.resolvePaths()
	require.Equal(t, c.Model, again.Model, c.String())
	require.Equal(t, c.Input, again.Input, c.String())
	require.Equal(t, c.Outputs, again.Outputs, c.String())
	require.Equal(t, c.Pipeline, again.Pipeline, c.String())
}
