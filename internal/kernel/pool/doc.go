// Package pool is the pools: maxima, averages, and averages over windows that
// tile a map.
package pool

//go:generate go -C ../gen run . -what pool -isa avx512 -out ../pool/max_avx512_amd64.s -stubs ../pool/max_avx512_amd64.go -pkg pool
//go:generate go -C ../gen run . -what pool -isa avx2 -out ../pool/max_avx2_amd64.s -stubs ../pool/max_avx2_amd64.go -pkg pool
