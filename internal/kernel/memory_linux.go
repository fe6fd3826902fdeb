package kernel

import (
	"syscall"
	"unsafe"
)

// adviseHuge tells the kernel that the whole huge pages in x may be such. It
// is advice: where it is not taken nothing changes.
func adviseHuge(x []float32) {
	start := uintptr(unsafe.Pointer(&x[0]))
	skip := (hugePage - start%hugePage) % hugePage
	size := (uintptr(4*len(x)) - skip) / hugePage * hugePage
	const hugePages = 14 // MADV_HUGEPAGE
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&x[0]), skip)), size), hugePages)
}
