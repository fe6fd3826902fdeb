package kernel

// Block is the channels that a blocked layout keeps together: the lanes of a
// 512-bit vector.
const Block = 16

// Layout is how a map lies in memory. The zero value is planar: N×C×H×W.
//
// Blocked is N×⌈C/16⌉×(H+2·Halo+Extra)×(W+2·Halo+Extra)×16: the 16 channels of a pixel lie
// together, channels beyond C are zero, and so is the halo. Convolutions with
// padding read the halo and so have no edges.
//
// Extra rows of zeros at the bottom and columns on the right serve Winograd,
// whose last tiles read beyond the halo.
type Layout struct {
	Blocked     bool
	Halo, Extra int
}

// Floats is the size of a map in this layout.
func (l Layout) Floats(d Dims) int {
	if !l.Blocked {
		return d.Len()
	}
	return d.N * BlocksOf(d.C) * l.Plane(d)
}

// BlocksOf is how many blocks hold c channels.
func BlocksOf(c int) int { return CeilDiv(c, Block) }

// Pitch is the floats from one row of pixels to the next.
func (l Layout) Pitch(d Dims) int { return (d.W + 2*l.Halo + l.Extra) * Block }

// Plane is the floats of one block of channels.
func (l Layout) Plane(d Dims) int { return (d.H + 2*l.Halo + l.Extra) * l.Pitch(d) }

// At is the index of the first channel of a block at a pixel, which may lie
// in the halo.
func (l Layout) At(d Dims, image, block, y, x int) int {
	return (image*BlocksOf(d.C)+block)*l.Plane(d) + (y+l.Halo)*l.Pitch(d) + (x+l.Halo)*Block
}

// ClearHalo zeroes the halo beside rows from … to-1 of a block, and the halo
// above the first and below the last row of the map.
func (l Layout) ClearHalo(data []float32, d Dims, image, block, from, to int) {
	if l.Halo+l.Extra == 0 {
		return
	}
	pitch, side := l.Pitch(d), l.Halo*Block
	first := l.At(d, image, block, 0, -l.Halo)
	if from == 0 {
		clear(data[first-l.Halo*pitch : first])
	}
	for y := from; y < to; y++ {
		row := data[first+y*pitch : first+(y+1)*pitch]
		clear(row[:side])
		clear(row[side+d.W*Block:])
	}
	if to == d.H {
		clear(data[first+d.H*pitch : first+(d.H+l.Halo+l.Extra)*pitch])
	}
}
