//go:build cgo && (linux || darwin)

package opencv

import "syscall"

// freeSpace is how many bytes may still be written to a folder's disk; false
// where the system does not say.
var freeSpace = func(dir string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
