// Package strassen is Strassen's algorithm for pointwise convolutions.
package strassen

//go:generate go -C ../gen run . -what strassen -isa avx512 -out ../strassen/transform_avx512_amd64.s -stubs ../strassen/transform_avx512_amd64.go -pkg strassen
//go:generate go -C ../gen run . -what strassen -isa avx2 -out ../strassen/transform_avx2_amd64.s -stubs ../strassen/transform_avx2_amd64.go -pkg strassen
