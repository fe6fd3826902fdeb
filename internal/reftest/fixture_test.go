package reftest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The classifier of the smallest fixture is stored in full, so that it serves
// as its own right answer.
func TestFixture(t *testing.T) {
	f := ReadFixture(t, Testdata("backbone", "tiny_cifar_1x1.safetensors"))
	assert.Equal(t, []string{"avgpool", "fc", "layer1", "layer2", "layer3", "relu"}, f.Names())
	shape := f.Shape("fc")
	require.Equal(t, []int{2, 10}, shape)
	right := f.samples["fc"].Data
	require.Len(t, right, 20)

	check := func(name string, shape []int, data []float32) int {
		recorder := &failures{TB: t}
		ratio := f.Check(recorder, name, shape, data)
		assert.Equal(t, len(recorder.messages) == 0, ratio <= Tolerance, "%v: %q", ratio, recorder.messages)
		return len(recorder.messages)
	}
	assert.Zero(t, check("fc", shape, right))
	assert.NotZero(t, check("fc", []int{1, 20}, right), "another shape")
	assert.NotZero(t, check("layer9", shape, right), "no such tensor")
	for i := range right {
		wrong := append([]float32(nil), right...)
		wrong[i] += 0.01
		assert.NotZero(t, check("fc", shape, wrong), "value %d", i)
	}
}

// A map larger than its samples is also held to the statistics of the whole.
func TestFixtureStatistics(t *testing.T) {
	f := ReadFixture(t, Testdata("backbone", "resnet18.safetensors"))
	shape := f.Shape("maxpool")
	samples := f.samples["maxpool"].Data
	data := make([]float32, shape[0]*shape[1]*shape[2]*shape[3])
	require.Greater(t, len(data), len(samples))
	for k, v := range samples {
		data[k*len(data)/len(samples)] = v
	}
	recorder := &failures{TB: t}
	f.Check(recorder, "maxpool", shape, data)
	require.NotEmpty(t, recorder.messages, "all values but the samples are zero")
	assert.Contains(t, recorder.messages[0], "mean magnitude")
}
