// Package tile is the microkernels that multiply: some pixels by a panel of
// output channels, whose sums stay in registers over all taps of a window. It
// knows which of them serves a convolution, the order in which they read
// weights, and what they cost.
package tile

//go:generate go -C ../gen run . -what conv -isa avx512 -out ../tile/conv_avx512_amd64.s -stubs ../tile/conv_avx512_amd64.go -pkg tile
//go:generate go -C ../gen run . -what conv -isa avx2 -out ../tile/conv_avx2_amd64.s -stubs ../tile/conv_avx2_amd64.go -pkg tile
//go:generate go -C ../gen run . -what groups -isa avx2 -out ../tile/groups_avx2_amd64.s -stubs ../tile/groups_avx2_amd64.go -pkg tile
