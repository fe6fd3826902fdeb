//go:build amd64 && !noasm

package kernel

import "unsafe"

func softmaxMaxima(a *softmaxArgs) { softmaxTop((*byte)(unsafe.Pointer(a))) }

func softmaxExponentials(a *softmaxArgs) { softmaxExp((*byte)(unsafe.Pointer(a))) }

func softmaxQuotients(a *softmaxArgs) { softmaxDivide((*byte)(unsafe.Pointer(a))) }
