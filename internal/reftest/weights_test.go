package reftest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFillParam(t *testing.T) {
	// The first two values from testdata/gen/fill_net.py: fill_param(name, shape, last).
	for _, c := range []struct {
		name  string
		shape []int
		last  string
		want  []float32
	}{
		{"conv1.weight", []int{4, 3, 7, 7}, "bn3", []float32{0.018213026225566864, 0.0990602895617485}},
		{"layer2.3.bn3.weight", []int{8}, "bn3", []float32{0.11336519569158554, 0.12747091054916382}},
		{"layer2.3.bn3.weight", []int{8}, "bn2", []float32{0.8534607887268066, 0.9098836183547974}},
		{"layer1.0.bn2.weight", []int{8}, "bn2", []float32{0.3072209358215332, 0.31970512866973877}},
		{"layer1.0.downsample.1.weight", []int{8}, "bn3", []float32{0.8061896562576294, 1.1781848669052124}},
		{"layer1.0.downsample.1.running_var", []int{8}, "bn2", []float32{0.9914816617965698, 0.9014079570770264}},
		{"bn1.running_mean", []int{8}, "bn2", []float32{0.09377996623516083, 0.040247462689876556}},
		{"conv1.1.weight", []int{8}, "bn3", []float32{0.9235902428627014, 1.103865623474121}},
		{"fc.weight", []int{10, 64}, "bn2", []float32{-0.00383855402469635, 0.09306740760803223}},
		{"fc.bias", []int{10}, "", []float32{-0.008939480409026146, -0.0077072856947779655}},
	} {
		got := make([]float32, 2)
		FillParam(c.name, c.shape, c.last, got)
		assert.Equal(t, c.want, got, "%s %v, last %q", c.name, c.shape, c.last)
	}
}
