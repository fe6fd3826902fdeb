package kernel

import "unsafe"

// stemStreams is the rows of the input that make one of the smaller map: two to
// each channel, for as many channels as fill a block.
const stemStreams = Block / 2

// stemArgs are the arguments of the assembly of the input's transform. The
// generator knows the fields' offsets.
type stemArgs struct {
	in    unsafe.Pointer
	pitch int // bytes from row to row of the input
	out   unsafe.Pointer
	step  int // bytes from position to position of the output
	count int // of vectors, of four pixels, of tiles
}

// stemOutputArgs are those of the output's. The generator knows these, too.
type stemOutputArgs struct {
	in            unsafe.Pointer // the first tile's first position
	step          int            // bytes from position to position
	out           unsafe.Pointer
	pitch         int
	residual      unsafe.Pointer // nil for none
	residualPitch int
	scratch       unsafe.Pointer
	affine        unsafe.Pointer
	act           int
	slope         float32
	rows, columns int // of the tiles that lie inside the map
	count         int // tiles
}

// stemWidth is the columns of the input that so many tiles side by side read,
// up to whole vectors.
func stemWidth(tiles int) int { return 2*stemOutputs*tiles + 8 }

// stemInputScratch is the rows of the input that a stretch of tiles reads, and a
// row of pixels.
func stemInputScratch(tiles int) int {
	return stemSize*stemStreams*stemWidth(tiles) + stemWidth(tiles)/2*Block
}

// transformInput computes V of a stretch of tiles: downwards in all rows as they
// are, then row by row, of pixels, along it.
func (k *winogradStem) transformInput(v, in, scratch []float32, t tileStretch) {
	width := stemWidth(t.tiles)
	perRow := stemStreams * width
	k.gather(scratch, in, t, width)
	stemColumns(k.isa, &stemArgs{in: Pointer(scratch, 0), pitch: 4 * perRow, count: 2 * k.In.C * width / k.lanes()})
	pixels := Pointer(scratch, stemSize*perRow)
	for i := range stemSize {
		stemPixels(&stemArgs{in: Pointer(scratch, i*perRow), pitch: 4 * width, out: pixels, count: width / 8})
		stemRow(k.isa, &stemArgs{in: pixels, out: Pointer(v, i*stemSize*k.stepV()), step: 4 * k.stepV(), count: t.tiles})
	}
}

// lanes are those of a vector.
func (k *winogradStem) lanes() int {
	if k.isa == AVX512 {
		return 16
	}
	return 8
}

// gather copies the input rows that a stretch of tiles sees, with padding: for
// each row of the smaller map two rows of each channel, and zeros for the
// channels that are not there.
func (k *winogradStem) gather(dst, src []float32, t tileStretch, width int) {
	left := 2*t.x - k.Padding[1] // the first column of the input
	for i := range stemSize {
		rows := dst[i*stemStreams*width:][:stemStreams*width]
		for stream := range 2 * k.In.C {
			line, y := rows[stream*width:][:width], 2*(t.y+i)+stream%2-k.Padding[0]
			if y < 0 || y >= k.In.H {
				clear(line)
				continue
			}
			at := ((t.image*k.In.C+stream/2)*k.In.H + y) * k.In.W
			copyPadded(line, src[at:at+k.In.W], left)
		}
		clear(rows[2*k.In.C*width:])
	}
}

// copyPadded copies what lies from some element of a row on, which may be before
// its first, with zeros outside.
func copyPadded(dst, row []float32, from int) {
	n := min(len(dst), max(0, -from))
	clear(dst[:n])
	if from += n; from < len(row) {
		n += copy(dst[n:], row[from:])
	}
	clear(dst[n:])
}

// transformOutput computes a stretch of tiles of a block of outputs. Of the last
// of a row some columns may lie outside the map.
func (k *winogradStem) transformOutput(a *Args, m, scratch []float32, block int, t tileStretch) {
	args := stemOutputArgs{
		step:          4 * k.stepM(),
		pitch:         4 * k.OutLayout.Pitch(k.Out),
		residualPitch: 4 * k.ResidualLayout.Pitch(k.Out),
		scratch:       Pointer(scratch, 0),
		affine:        Pointer(k.affine, 2*block*Block),
		act:           k.Act.Number(),
		slope:         k.Slope,
		rows:          min(stemOutputs, k.Out.H-t.y),
	}
	whole := min(t.tiles, (k.Out.W-t.x)/stemOutputs)
	for _, part := range []struct{ first, count, columns int }{
		{0, whole, stemOutputs}, {whole, t.tiles - whole, (k.Out.W - t.x) % stemOutputs},
	} {
		if part.count == 0 {
			continue
		}
		x := t.x + part.first*stemOutputs
		args.in = Pointer(m, part.first*Block)
		args.out = Pointer(a.Out, k.OutLayout.At(k.Out, t.image, block, t.y, x))
		if k.Residual {
			args.residual = Pointer(a.In[1], k.ResidualLayout.At(k.Out, t.image, block, t.y, x))
		}
		args.count, args.columns = part.count, part.columns
		stemOutput(k.isa, &args)
	}
	if t.x+t.tiles*stemOutputs >= k.Out.W {
		k.OutLayout.ClearHalo(a.Out, k.Out, t.image, block, t.y, t.y+args.rows)
	}
}
