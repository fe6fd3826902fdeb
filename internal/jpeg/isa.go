package jpeg

import "github.com/vertebra-vision/vertebra/internal/kernel"

// routines are the parts of decoding that instruction sets have code of their
// own for. The portable ones say what all must give, to the bit. Rows may be
// read, and upsampled rows written, up to whole vectors.
type routines struct {
	name string
	// pair transforms two blocks to as many pixels each as their planes' size
	// says, 8x8, 4x4 or 2x2.
	pair func(q *pending)
	// across, down and both upsample rows; see rowAcross, rowDown, rowBoth.
	across func(dst, src []uint8, n int)
	down   func(dst, near, far []uint8, n, bias int)
	both   func(dst, near, far []uint8, n int)
	// ycc and interleave make RGB of some pixels.
	ycc        func(dst, luma, cb, cr []uint8, n int)
	interleave func(dst, r, g, b []uint8, n int)
}

var portable = routines{"generic", pairPortable, rowAcross, rowDown, rowBoth, yccToRGB, interleave}

// active is the routines of the instruction set that kernels use.
func active() *routines {
	if table.Find("idct8", kernel.Active()).Code == nil {
		return &portable
	}
	return &vectored
}

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }
