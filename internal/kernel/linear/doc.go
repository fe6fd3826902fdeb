// Package linear is fully connected layers: of many rows, by the tiles of
// convolutions; of few, as fast as the weights come from memory.
package linear

//go:generate go -C ../gen run . -what dot -isa avx2 -out ../linear/dot_avx2_amd64.s -stubs ../linear/dot_avx2_amd64.go -pkg linear
