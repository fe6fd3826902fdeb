// Package jpeg decodes JPEG files to the bits that Pillow shows, which are
// libjpeg-turbo's: its accurate integer inverse DCT, its "fancy" upsampling of
// colour and its integer conversion to RGB.
//
// It reads baseline, extended and progressive Huffman files of 8 bits with
// one, three or four planes. A Decoder keeps its memory from picture to
// picture, hands rows out as they are done, computes the pixels of a window
// only, and decodes at a half, a quarter or an eighth of the size.
package jpeg

//go:generate go -C ../kernel/gen run . -what idct -isa avx2 -out ../../jpeg/idct_avx2_amd64.s -stubs ../../jpeg/idct_avx2_amd64.go -pkg jpeg
//go:generate go -C ../kernel/gen run . -what jpegrows -isa avx2 -out ../../jpeg/rows_avx2_amd64.s -stubs ../../jpeg/rows_avx2_amd64.go -pkg jpeg
