//go:build amd64 && !noasm

package tile

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the tiles.
var table = []Tile{
	{"tile512x%dc32u16", kernel.AVX512, kernel.FP32, Wide512, kernel.Block, []func(*byte){
		tile512x1c32u16, tile512x2c32u16, tile512x3c32u16, tile512x4c32u16, tile512x5c32u16, tile512x6c32u16, tile512x7c32u16,
		tile512x8c32u16, tile512x9c32u16, tile512x10c32u16, tile512x11c32u16, tile512x12c32u16, tile512x13c32u16, tile512x14c32u16,
	}},
	{"tile512x%dc32u1", kernel.AVX512, kernel.FP32, Wide512, 1, []func(*byte){
		tile512x1c32u1, tile512x2c32u1, tile512x3c32u1, tile512x4c32u1, tile512x5c32u1, tile512x6c32u1, tile512x7c32u1,
		tile512x8c32u1, tile512x9c32u1, tile512x10c32u1, tile512x11c32u1, tile512x12c32u1, tile512x13c32u1, tile512x14c32u1,
	}},
	{"tile512x%dc16u16", kernel.AVX512, kernel.FP32, Narrow512, kernel.Block, []func(*byte){
		tile512x1c16u16, tile512x2c16u16, tile512x3c16u16, tile512x4c16u16, tile512x5c16u16, tile512x6c16u16, tile512x7c16u16,
		tile512x8c16u16, tile512x9c16u16, tile512x10c16u16, tile512x11c16u16, tile512x12c16u16, tile512x13c16u16, tile512x14c16u16,
	}},
	{"tile512x%dc16u1", kernel.AVX512, kernel.FP32, Narrow512, 1, []func(*byte){
		tile512x1c16u1, tile512x2c16u1, tile512x3c16u1, tile512x4c16u1, tile512x5c16u1, tile512x6c16u1, tile512x7c16u1,
		tile512x8c16u1, tile512x9c16u1, tile512x10c16u1, tile512x11c16u1, tile512x12c16u1, tile512x13c16u1, tile512x14c16u1,
	}},
	{"tile256x%du16", kernel.AVX2, kernel.FP32, Wide256, kernel.Block, []func(*byte){
		tile256x1u16, tile256x2u16, tile256x3u16, tile256x4u16, tile256x5u16, tile256x6u16,
	}},
	{"tile256x%du1", kernel.AVX2, kernel.FP32, Wide256, 1, []func(*byte){
		tile256x1u1, tile256x2u1, tile256x3u1, tile256x4u1, tile256x5u1, tile256x6u1,
	}},
	{"fours256x%d", kernel.AVX2, kernel.FP32, Fours, Quad, []func(*byte){
		fours256x1, fours256x2, fours256x3, fours256x4, fours256x5, fours256x6,
	}},
	{"eights256x%d", kernel.AVX2, kernel.FP32, Eights, Quad, []func(*byte){
		eights256x1, eights256x2, eights256x3, eights256x4, eights256x5, eights256x6,
	}},
}
