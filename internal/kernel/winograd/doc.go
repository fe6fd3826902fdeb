// Package winograd is Winograd's algorithm for 3x3 convolutions of stride 1 and
// any dilation.
package winograd

//go:generate go -C ../gen run . -what winograd -isa avx512 -out ../winograd/transform_avx512_amd64.s -stubs ../winograd/transform_avx512_amd64.go -pkg winograd
//go:generate go -C ../gen run . -what winograd -isa avx2 -out ../winograd/transform_avx2_amd64.s -stubs ../winograd/transform_avx2_amd64.go -pkg winograd
