package winograd

import (
	"fmt"
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// input and output are the names of the routines.
func (f F) input() string  { return fmt.Sprintf("input%d", int(f)) }
func (f F) output() string { return fmt.Sprintf("output%d", int(f)) }

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }

// args are the arguments of the transforms' assembly. The generator knows the
// offsets of the fields.
type args struct {
	in    unsafe.Pointer // the first pixel, or of the positions
	pitch int            // bytes from row to row: of the input, of the output
	pixel int            // bytes from pixel to pixel, in both and the residual
	out   unsafe.Pointer // the first of the positions, or pixel
	step  int            // bytes from position to position
	// scratch holds a vector for each position.
	scratch       unsafe.Pointer
	scale, shift  unsafe.Pointer
	residual      unsafe.Pointer // nil for none
	residualPitch int
	rows, columns int // of the output tile that lie inside the map
	act           int
	slope         float32
	// ahead is the bytes to the input tile that is wanted next. Each half of the
	// channels asks for every other row.
	ahead int
}

// run runs a transform on 16 channels: at once, or in two halves.
func (a args) run(r *kernel.Routine) {
	kernel.Call(r.Code, &a)
	if r.ISA == kernel.AVX2 {
		a.secondHalf()
		kernel.Call(r.Code, &a)
	}
}

// secondHalf moves on by 8 channels. It must not be called after the last: no
// pointer may leave what it points into.
func (a *args) secondHalf() {
	const bytes = 4 * kernel.Block / 2
	a.in, a.out = unsafe.Add(a.in, bytes), unsafe.Add(a.out, bytes)
	if a.scale != nil {
		a.scale, a.shift = unsafe.Add(a.scale, bytes), unsafe.Add(a.shift, bytes)
	}
	if a.residual != nil {
		a.residual = unsafe.Add(a.residual, bytes)
	}
	a.ahead += a.pitch - bytes
}
