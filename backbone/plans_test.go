package backbone_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/kernel"
)

var updatePlans = flag.Bool("update-plans", false, "write testdata/plans again")

// planCases are networks whose plans together have every kernel that presets use.
var planCases = []struct {
	name  string
	make  func() backbone.Config
	opts  []backbone.Option
	input []int
	long  bool
}{
	{"resnet18", backbone.ResNet18, nil, []int{1, 3, 224, 224}, false},
	{"cifar_resnet20", backbone.CIFARResNet20, nil, []int{5, 3, 32, 32}, false},
	{"resnet50", backbone.ResNet50, nil, []int{1, 3, 224, 224}, true},
	{"resnet50 batch 8", backbone.ResNet50, nil, []int{8, 3, 224, 224}, true},
	{"resnet50 odd", backbone.ResNet50, nil, []int{2, 3, 97, 130}, true},
	{"resnet50 stride 8", backbone.ResNet50, []backbone.Option{backbone.WithOutputStride(8)}, []int{1, 3, 520, 520}, true},
	{"resnext50", backbone.ResNeXt50_32x4d, nil, []int{1, 3, 224, 224}, true},
	{"wide_resnet50_2", backbone.WideResNet50_2, nil, []int{1, 3, 224, 224}, true},
	{"resnet50d", backbone.ResNet50D, nil, []int{1, 3, 224, 224}, true},
}

// Plans are what they were: the same kernels for the same nodes on every
// instruction set, also those that this CPU lacks, in the same places.
func TestPlansAreWhatTheyWere(t *testing.T) {
	defer func(active kernel.ISA) { require.NoError(t, kernel.Use(active)) }(kernel.Active())
	for _, c := range planCases {
		t.Run(c.name, func(t *testing.T) {
			if c.long && testing.Short() {
				t.Skip("a big network")
			}
			var got strings.Builder
			for isa := kernel.Generic; isa <= kernel.AVX512; isa++ {
				if !kernel.Pretend(isa) {
					t.Skip("no assembly for some of the instruction sets")
				}
				net, err := backbone.New(c.make(), append(c.opts, backbone.WithThreads(2))...)
				require.NoError(t, err)
				p, err := net.Plan(c.input)
				require.NoError(t, err)
				fmt.Fprintf(&got, "%v: %s\n", isa, outline(p.String()))
			}
			file := filepath.Join("../testdata/plans", strings.ReplaceAll(c.name, " ", "_")+".txt")
			if *updatePlans {
				require.NoError(t, os.WriteFile(file, []byte(got.String()), 0o600))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String(), "where plans change on purpose, run with -update-plans")
		})
	}
}

// outline is a plan's first line, its nodes with their kernels, and a checksum of
// all that it says.
func outline(plan string) string {
	lines := strings.Split(strings.TrimSpace(plan), "\n")
	list := []string{fmt.Sprintf("%s, sha256 %x", lines[0], sha256.Sum256([]byte(plan)))}
	for _, line := range lines[2:] {
		fields := strings.Fields(line)
		list = append(list, fields[0]+" "+fields[1])
	}
	return strings.Join(list, "\n")
}
