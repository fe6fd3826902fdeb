//go:build amd64 && !noasm

package kernel

import "unsafe"

func dot(a *dotArgs) { dot4((*byte)(unsafe.Pointer(a))) }
