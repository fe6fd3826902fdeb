// Package softmax is the softmax over the channels of each pixel.
package softmax

//go:generate go -C ../gen run . -what softmax -isa avx2 -out ../softmax/softmax_avx2_amd64.s -stubs ../softmax/softmax_avx2_amd64.go -pkg softmax
