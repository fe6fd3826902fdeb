// Package reorder is what only moves pixels: from one layout to another, beside
// each other, into a frame, or some of them.
package reorder

//go:generate go -C ../gen run . -what reorder -isa avx2 -out ../reorder/transpose_avx2_amd64.s -stubs ../reorder/transpose_avx2_amd64.go -pkg reorder
