package names

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNearest(t *testing.T) {
	known := []string{"resnet18", "resnet50", "wide_resnet50_2", "layer1.0.conv1"}
	assert.Equal(t, []string{"resnet50", "resnet18"}, Nearest("ResNet-50", known, 2))
	assert.Equal(t, []string{"layer1.0.conv1"}, Nearest("layer1.conv1", known, 1))
	assert.Len(t, Nearest(strings.Repeat("x", 1<<20), known, 9), 4)
	assert.Empty(t, Nearest("x", nil, 3))
}

func TestPrintable(t *testing.T) {
	assert.Equal(t, `a b, größe \n \x00 \u2028`, Printable("a b, größe \n \x00 \u2028"))
	assert.Equal(t, "a b", Printable("a b"))
	assert.Equal(t, "a�b", Printable("a\xffb"))
}

func TestDidYouMean(t *testing.T) {
	assert.Equal(t, "", DidYouMean("a", nil))
	assert.Equal(t, "; did you mean ab?", DidYouMean("a", []string{"ab"}))
	assert.Equal(t, "; did you mean ab, abc or abcd?", DidYouMean("a", []string{"abcd", "abc", "ab", "zzzzz"}))
}
