package stem

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// streams is the rows of the input that make one of the smaller map: two to
// each channel, for as many channels as fill a block.
const streams = kernel.Block / 2

// inputArgs are the arguments of the assembly of the input's transform. The
// generator knows the fields' offsets.
type inputArgs struct {
	in    unsafe.Pointer
	pitch int // bytes from row to row of the input
	out   unsafe.Pointer
	step  int // bytes from position to position of the output
	count int // of vectors, of four pixels, of tiles
}

// outputArgs are those of the output's. The generator knows these, too.
type outputArgs struct {
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

// rowWidth is the columns of the input that so many tiles side by side read,
// up to whole vectors.
func rowWidth(tiles int) int { return 2*outputs*tiles + 8 }

// inputScratch is the rows of the input that a stretch of tiles reads, and a
// row of pixels.
func inputScratch(tiles int) int {
	return size*streams*rowWidth(tiles) + rowWidth(tiles)/2*kernel.Block
}

// transformInput computes V of a stretch of tiles: downwards in all rows as they
// are, then row by row, of pixels, along it.
func (k *stem) transformInput(v, in, scratch []float32, t tileStretch) {
	width := rowWidth(t.tiles)
	perRow := streams * width
	k.gather(scratch, in, t, width)
	kernel.Call(k.columns.Code, &inputArgs{in: kernel.Pointer(scratch, 0), pitch: 4 * perRow, count: 2 * k.In.C * width / k.lanes()})
	line := kernel.Pointer(scratch, size*perRow)
	for i := range size {
		kernel.Call(k.pixels.Code, &inputArgs{in: kernel.Pointer(scratch, i*perRow), pitch: 4 * width, out: line, count: width / 8})
		kernel.Call(k.row.Code, &inputArgs{in: line, out: kernel.Pointer(v, i*size*k.StepV()), step: 4 * k.StepV(), count: t.tiles})
	}
}

// lanes are those of a vector.
func (k *stem) lanes() int {
	if k.columns.ISA == kernel.AVX512 {
		return 16
	}
	return 8
}

// gather copies the input rows that a stretch of tiles sees, with padding: for
// each row of the smaller map two rows of each channel, and zeros for the
// channels that are not there.
func (k *stem) gather(dst, src []float32, t tileStretch, width int) {
	left := 2*t.x - k.Padding[1] // the first column of the input
	for i := range size {
		rows := dst[i*streams*width:][:streams*width]
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
func (k *stem) transformOutput(a *kernel.Args, m, scratch []float32, block int, t tileStretch) {
	args := outputArgs{
		step:          4 * k.StepM(),
		pitch:         4 * k.OutLayout.Pitch(k.Out),
		residualPitch: 4 * k.ResidualLayout.Pitch(k.Out),
		scratch:       kernel.Pointer(scratch, 0),
		affine:        kernel.Pointer(k.affine, 2*block*kernel.Block),
		act:           k.Act.Number(),
		slope:         k.Slope,
		rows:          min(outputs, k.Out.H-t.y),
	}
	whole := min(t.tiles, (k.Out.W-t.x)/outputs)
	for _, part := range []struct{ first, count, columns int }{
		{0, whole, outputs}, {whole, t.tiles - whole, (k.Out.W - t.x) % outputs},
	} {
		if part.count == 0 {
			continue
		}
		x := t.x + part.first*outputs
		args.in = kernel.Pointer(m, part.first*kernel.Block)
		args.out = kernel.Pointer(a.Out, k.OutLayout.At(k.Out, t.image, block, t.y, x))
		if k.Residual {
			args.residual = kernel.Pointer(a.In[1], k.ResidualLayout.At(k.Out, t.image, block, t.y, x))
		}
		args.count, args.columns = part.count, part.columns
		kernel.Call(k.output.Code, &args)
	}
	if t.x+t.tiles*outputs >= k.Out.W {
		k.OutLayout.ClearHalo(a.Out, k.Out, t.image, block, t.y, t.y+args.rows)
	}
}
