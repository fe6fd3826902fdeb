package reftest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFill(t *testing.T) {
	// From testdata/gen/fill.py: fill("conv1.weight", 4, -0.5, 0.25).
	got := make([]float32, 4)
	Fill("conv1.weight", got, -0.5, 0.25)
	assert.Equal(t, []float32{-0.0911937952041626, 0.05887128412723541, -0.4828087389469147, 0.052148327231407166}, got)
}
