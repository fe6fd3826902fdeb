package kernel

import (
	"bufio"
	"os"
	"runtime"
	"strings"

	"github.com/pkg/errors"
)

// Revision changes whenever kernels do, so that what was measured of older ones
// does not count any more.
const Revision = 4

// everyAlgorithm is all there are, direct convolution first.
var everyAlgorithm = []Algorithm{Direct, Winograd2, Winograd3, Winograd4, Winograd6, WinogradStem, Strassen, Strassen2}

// Algorithms lists those that can compute a convolution with an input in the
// given layout, direct first.
func Algorithms(s ConvSpec, in Layout) []Algorithm {
	list := []Algorithm{Direct}
	if !in.Blocked {
		if CanWinogradStem(s) {
			list = append(list, WinogradStem)
		}
		return list
	}
	if CanWinograd(s) {
		list = append(list, Winograd2, Winograd3, Winograd4, Winograd6)
	}
	for _, a := range []Algorithm{Strassen, Strassen2} {
		if CanStrassen(s, a.levels()) {
			list = append(list, a)
		}
	}
	return list
}

// MarshalText is the algorithm's name.
func (a Algorithm) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads a name.
func (a *Algorithm) UnmarshalText(text []byte) error {
	for _, known := range everyAlgorithm {
		if known.String() == string(text) {
			*a = known
			return nil
		}
	}
	return errors.Errorf("no algorithm is called %q", text)
}

// CPU names this machine's processor, as far as the system tells: measurements
// on another one do not count.
func CPU() string {
	name := runtime.GOOS + "/" + runtime.GOARCH
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return name
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan() && lines.Text() != ""; { // up to the second core
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch strings.TrimSpace(key) {
		case "model name", "cpu family", "model", "stepping", "CPU implementer", "CPU part":
			name += ", " + strings.TrimSpace(value)
		}
	}
	return name
}
