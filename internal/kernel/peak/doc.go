// Package peak measures the most that this machine multiplies and adds.
package peak

//go:generate go -C ../gen run . -what peak -isa avx512 -out ../peak/peak_avx512_amd64.s -stubs ../peak/peak_avx512_amd64.go -pkg peak
//go:generate go -C ../gen run . -what peak -isa avx2 -out ../peak/peak_avx2_amd64.s -stubs ../peak/peak_avx2_amd64.go -pkg peak
