package backbone_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Every set of kernels that this processor has agrees with PyTorch on the
// fixtures, forced by VERTEBRA_ISA in a process of its own.
func TestFixturesOnEveryTier(t *testing.T) {
	for isa := kernel.Generic; isa < kernel.Active(); isa++ { // the active one is TestFixtures'
		t.Run(isa.String(), func(t *testing.T) {
			if testing.Short() && isa == kernel.Generic {
				t.Skip("the portable kernels take a while")
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^(TestFixtures|TestActiveTier)$", "-test.short", "-test.v")
			cmd.Env = append(os.Environ(), "VERTEBRA_ISA="+isa.String())
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Contains(t, string(out), "kernels of "+isa.String())
		})
	}
}

// TestActiveTier tells which kernels a test's process uses.
func TestActiveTier(t *testing.T) { t.Logf("kernels of %v", kernel.Active()) }

// ResNet-50's intermediate values share less than 12 MiB.
func TestArenaOfResNet50(t *testing.T) {
	if testing.Short() {
		t.Skip("a big network")
	}
	for _, threads := range []int{1, 2, 8} {
		net, err := backbone.New(backbone.ResNet50(), backbone.WithThreads(threads))
		require.NoError(t, err)
		p, err := net.Plan([]int{1, 3, 224, 224})
		require.NoError(t, err)
		assert.Less(t, p.ArenaBytes(), int64(12<<20), fmt.Sprintf("%d threads", threads))
		assert.Positive(t, p.ArenaBytes())
	}
}
