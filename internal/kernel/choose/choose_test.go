package choose

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/conv"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
	"github.com/vertebra-vision/vertebra/internal/kernel/stem"
	"github.com/vertebra-vision/vertebra/internal/kernel/winograd"
)

var update = flag.Bool("update", false, "write testdata again")

// What is chosen for the layers of ResNets, as a table: of either block, wide,
// grouped, dilated, on every instruction set, also those that this CPU lacks. It is
// the same for any number of images.
func TestFastest(t *testing.T) {
	var got bytes.Buffer
	for _, l := range slices.Concat(kerneltest.Layers, kerneltest.OtherLayers) {
		fmt.Fprintf(&got, "%v to %d:", l, l.Out)
		for _, isa := range []kernel.ISA{kernel.AVX2, kernel.AVX512} {
			s := l.Spec(isa)
			in := kernel.Layout{Blocked: l.In >= kernel.Block, Halo: s.Padding[0]}
			chosen := Fastest(s, in)
			fmt.Fprintf(&got, " %v %s", isa, chosen.Name())
			for _, images := range []int{2, 8, 300} {
				s.In.N, s.Out.N = images, images
				assert.Equal(t, chosen, Fastest(s, in), "%v, %d images", l, images)
			}
		}
		fmt.Fprintln(&got)
	}
	const file = "testdata/layers.txt"
	if *update {
		require.NoError(t, os.WriteFile(file, got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String(), "where a choice changes on purpose, run with -update")
}

// What is chosen applies, and is the same whatever the CPU and what it is forced to.
func TestFastestIsPure(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 71))
		s := kerneltest.RandomConv(rng, kerneltest.Pick(rng, kernel.AVX2, kernel.AVX512))
		in := kernel.Layout{Blocked: s.In.C >= kernel.Block}
		if !conv.Direct.Applies(s, in) {
			continue
		}
		want := Fastest(s, in)
		assert.True(t, want.Applies(s, in))
		assert.Contains(t, Among(s, in), want)
		kerneltest.EachISA(t, func(t *testing.T, _ kernel.ISA) { assert.Equal(t, want, Fastest(s, in)) })
	}
}

// Algorithms are found by their names, which are their own, and each is either
// the one that always serves or on the ladder.
func TestNames(t *testing.T) {
	names := map[string]bool{}
	for _, a := range All() {
		found, err := Named(a.Name())
		require.NoError(t, err)
		assert.Equal(t, a, found)
		assert.False(t, names[a.Name()], a.Name())
		names[a.Name()] = true
		on := a == conv.Direct
		for _, r := range ladder {
			on = on || r.Algorithm == a
		}
		assert.True(t, on, "%s is never chosen", a.Name())
	}
	_, err := Named("winograd5")
	assert.ErrorContains(t, err, `no algorithm is called "winograd5"`)
}

// What rounds more must pay more; what nobody measured is not chosen.
func TestReservations(t *testing.T) {
	assert.Less(t, Handicap(winograd.F6), 1.0)
	assert.Equal(t, 1.0, Handicap(winograd.F4))
	s := kerneltest.Layers[0].Spec(kernel.AVX512)
	require.True(t, stem.Winograd.Applies(s, kernel.Layout{}))
	assert.Equal(t, conv.Direct, Fastest(s, kernel.Layout{}))
}

// No algorithm's kernel allocates, or holds on to its arguments.
func TestOnMovingStacks(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		seeds, tried := uint64(60), 0
		if testing.Short() {
			seeds = 20
		}
		for seed := range seeds {
			s := kerneltest.RandomConv(rand.New(rand.NewPCG(seed, 29)), isa)
			for _, a := range Among(s, kerneltest.Between(s, conv.Direct).InLayout) {
				k, args := kerneltest.Make(s, a)
				scratch := kernel.Aligned(k.Scratch())
				all := func() {
					for task := range k.Tasks() {
						k.Do(args, task, scratch)
					}
				}
				require.Zero(t, testing.AllocsPerRun(3, all), "%s, seed %d", k.Name(), seed)
				kerneltest.OnMovingStacks(t, 10, all)
				tried++
			}
		}
		assert.Equal(t, isa != kernel.Generic, tried > 0)
	})
}
