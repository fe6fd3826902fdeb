// Package rows is what is done to rows of pixels of 16 channels where nothing is
// multiplied with weights: maps of their elements, weighted sums of some of
// them, and their moments. Several families use it.
package rows

//go:generate go -C ../gen run . -what rows -isa avx512 -out ../rows/rows_avx512_amd64.s -stubs ../rows/rows_avx512_amd64.go -pkg rows
//go:generate go -C ../gen run . -what rows -isa avx2 -out ../rows/rows_avx2_amd64.s -stubs ../rows/rows_avx2_amd64.go -pkg rows
