package kernel

import (
	"bufio"
	"os"
	"runtime"
	"strings"
)

// Revision changes whenever kernels do, so that what was measured of older ones
// does not count any more.
const Revision = 5

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
