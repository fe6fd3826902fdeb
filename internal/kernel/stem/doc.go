// Package stem is Winograd's algorithm for the stem, a 7x7 convolution of stride
// 2 of a few planar channels.
package stem

//go:generate go -C ../gen run . -what stem -isa avx512 -out ../stem/stem_avx512_amd64.s -stubs ../stem/stem_avx512_amd64.go -pkg stem
//go:generate go -C ../gen run . -what stem -isa avx2 -out ../stem/stem_avx2_amd64.s -stubs ../stem/stem_avx2_amd64.go -pkg stem
