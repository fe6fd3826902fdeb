package kernel

import (
	"syscall"
	"unsafe"
)

// adviseHuge tells the kernel that the pages of x, the first of which begins
// with it, may be huge. It is advice: where it is not taken nothing changes.
func adviseHuge(x []float32) {
	const hugePages = 14 // MADV_HUGEPAGE
	size := 4 * len(x) / hugePage * hugePage
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), size), hugePages)
}
