package kernel

import "unsafe"

// Arguments of the assembly that handles rows of pixels of 16 channels. The
// generator knows the fields' offsets.

// mapArgs are those of out = act(x·scale + shift + y).
type mapArgs struct {
	x, y         unsafe.Pointer // y is nil for none
	out          unsafe.Pointer
	scale, shift unsafe.Pointer // 16 each
	pixels       int
	act          int
	slope        float32
}

// blendArgs are those of out = Σ over rows r and columns c of wr·wc·in[r, c].
type blendArgs struct {
	in         unsafe.Pointer
	rows       unsafe.Pointer // bytes from in to each row
	rowWeights unsafe.Pointer
	rowCount   int
	// Each pixel has columnCount of these: bytes from the row's start, and
	// weights.
	columns       unsafe.Pointer
	columnWeights unsafe.Pointer
	columnCount   int
	out           unsafe.Pointer
	pixels        int
}

// momentArgs are those of sum = Σ(x - centre), squares = Σ(x - centre)².
type momentArgs struct {
	in                   unsafe.Pointer
	pixels               int
	centre, sum, squares unsafe.Pointer // 16 each
}

// transposeArgs are those of out[j][i] = in[i][j] over squares of 8x8. Pitches
// lead from row to row of a square, steps from square to square, in bytes.
type transposeArgs struct {
	in              unsafe.Pointer
	inPitch, inStep int
	out             unsafe.Pointer
	outPitch        int
	outStep         int
	count           int
}
