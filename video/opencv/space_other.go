//go:build cgo && !linux && !darwin

package opencv

// freeSpace is how many bytes may still be written to a folder's disk; false
// where the system does not say.
var freeSpace = func(string) (uint64, bool) { return 0, false }
