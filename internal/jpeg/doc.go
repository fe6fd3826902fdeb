// Package jpeg decodes JPEG files to the bits that Pillow shows, which are
// libjpeg-turbo's: its accurate integer inverse DCT, its "fancy" upsampling of
// colour and its integer conversion to RGB.
//
// It reads baseline, extended and progressive Huffman files of 8 bits with
// one, three or four planes. A Decoder keeps its memory from picture to
// picture, hands rows out as they are done, computes the pixels of a window
// only, and decodes at a half, a quarter or an eighth of the size.
package jpeg

//go:generate go -C gen run . -what idct -out ../idct_amd64.s -stubs ../idct_amd64.go -pkg jpeg
//go:generate go -C gen run . -what rows -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg jpeg
