package backbone

import (
	"fmt"
	"math"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
)

// A picture's maps and logits have the same bits alone and in any batch, at any
// place in it, with any number of threads, in networks as wide as the presets; and
// a NaN in one picture stays there.
func TestPicturesKeepTheirBits(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		if isa == kernel.Generic && testing.Short() {
			t.Skip("the portable kernels take a while")
		}
		names := []string{"resnet50", "resnet18", "resnext50_32x4d", "wide_resnet50_2", "resnet50_v1", "resnet50d"}
		switch {
		case reftest.Race: // packing weights takes ten times as long
			names = names[:1]
		case testing.Short():
			names = names[:3]
		}
		for _, name := range names {
			config, err := Preset(name)
			require.NoError(t, err)
			config.Blocks = []int{1, 1, 2, 1}
			sizes := [][2]int{{97, 130}, {224, 224}}
			if testing.Short() || isa == kernel.Generic {
				sizes = sizes[:1]
			}
			for _, size := range sizes {
				t.Run(fmt.Sprintf("%s/%dx%d", name, size[0], size[1]), func(t *testing.T) {
					checkCompany(t, config, size[0], size[1])
				})
			}
		}
	})
}

func checkCompany(t *testing.T, config Config, height, width int, opts ...Option) {
	const pictures, sick = 5, 2
	x := input(t, pictures, 3, height, width)
	size := x.Len() / pictures
	var want [pictures]map[string]*ops.Tensor
	wanted := []string{"layer1", "layer2", "layer3", "layer4", "fc"}
	nets := [2]*Network{newNet(t, config, append(opts, WithThreads(1))...), newNet(t, config, append(opts, WithThreads(3))...)}
	for i := range want {
		net := nets[i%2]
		alone, err := ops.FromSlice(x.Data()[i*size:(i+1)*size], 1, 3, height, width)
		require.NoError(t, err)
		want[i], err = net.Run(ctx, alone, wanted...)
		require.NoError(t, err)
	}
	net := newNet(t, config, append(opts, WithThreads(2))...)
	for _, healthy := range []bool{true, false} {
		if !healthy {
			x.Data()[sick*size+size/2] = float32(math.NaN())
		}
		got, err := net.Run(ctx, x, wanted...)
		require.NoError(t, err)
		for _, name := range wanted {
			n := got[name].Len() / pictures
			for i := range want {
				if healthy || i != sick {
					assert.Equal(t, -1, firstDifference(want[i][name].Data(), got[name].Data()[i*n:(i+1)*n]), "%s of picture %d, %v", name, i, healthy)
				}
			}
		}
	}
}

// Without the promise a batch may have algorithms of its own.
func TestWithoutBatchInvariance(t *testing.T) {
	if !kernel.Blocked() {
		t.Skip("portable kernels have one algorithm")
	}
	plan := func(pictures int, opts ...Option) string {
		net := newNet(t, ResNet18(), opts...)
		p, err := net.Plan([]int{pictures, 3, 224, 224})
		require.NoError(t, err)
		return regexp.MustCompile(`layer4\.1\.conv1 .*?(conv\S+)`).FindStringSubmatch(p.String())[1]
	}
	assert.Equal(t, plan(1), plan(8))
	assert.Equal(t, plan(1), plan(1, WithoutBatchInvariance()))
	assert.NotEqual(t, plan(8), plan(8, WithoutBatchInvariance()))
}

// firstDifference is where two slices have other bits, -1 for nowhere.
func firstDifference(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}
