//go:build amd64 && !noasm

package jpeg

import "unsafe"

// vectored are the routines in AVX2.
var vectored = routines{"avx2", pairAVX2, acrossAVX2, downAVX2, bothAVX2, yccAVX2, interleaveAVX2}

// idctArgs are the arguments of the transform of two blocks. The generator knows
// the fields' offsets.
type idctArgs struct {
	in               unsafe.Pointer // both blocks; zeros are left in them
	quantA, quantB   unsafe.Pointer
	outA, outB       unsafe.Pointer
	strideA, strideB int
	scratch          unsafe.Pointer // 320 bytes
}

func pairAVX2(q *pending) {
	a, b := &q.out[0], &q.out[1]
	args := idctArgs{
		in:     unsafe.Pointer(&q.blocks),
		quantA: unsafe.Pointer(&a.plane.quant), quantB: unsafe.Pointer(&b.plane.quant),
		outA: square(a), outB: square(b),
		strideA: a.plane.stride, strideB: b.plane.stride,
		scratch: unsafe.Pointer(&q.scratch),
	}
	switch p := (*byte)(unsafe.Pointer(&args)); a.plane.size {
	case 8:
		idct8Pair(p)
	case 4:
		idct4Pair(p)
	case 2:
		idct2Pair(p)
	}
}

// square is where a block's pixels go. It panics where they would not fit.
func square(t *target) unsafe.Pointer {
	rows, last := t.plane.rows[t.at:], t.plane.size-1
	_ = rows[last*t.plane.stride+last]
	return unsafe.Pointer(&rows[0])
}

// rowArgs are the arguments of functions on rows. The generator knows the
// fields' offsets.
type rowArgs struct {
	dst              unsafe.Pointer
	src0, src1, src2 unsafe.Pointer
	count            int // vectors of 32 pixels
	bias             int
}

// first is where a row begins. It panics where the row is shorter than what
// will be read or written of it.
func first(row []uint8, size int) unsafe.Pointer { return unsafe.Pointer(&row[:size][0]) }

func acrossAVX2(dst, src []uint8, n int) {
	count := ceil(n, vectorPixels)
	args := rowArgs{dst: first(dst, 64*count), src0: first(src, 32*count+2), count: count}
	rowAcross256((*byte)(unsafe.Pointer(&args)))
}

func downAVX2(dst, near, far []uint8, n, bias int) {
	count := ceil(n, vectorPixels)
	args := rowArgs{dst: first(dst, 32*count), src0: first(near, 32*count), src1: first(far, 32*count), count: count, bias: bias}
	rowDown256((*byte)(unsafe.Pointer(&args)))
}

func bothAVX2(dst, near, far []uint8, n int) {
	count := ceil(n, vectorPixels)
	args := rowArgs{dst: first(dst, 64*count), src0: first(near, 32*count+2), src1: first(far, 32*count+2), count: count}
	rowBoth256((*byte)(unsafe.Pointer(&args)))
}

// The pixels of an RGB row after its last whole vector are made in a vector of
// their own, as nothing may be written beyond the row.

func yccAVX2(dst, luma, cb, cr []uint8, n int) {
	whole := n / vectorPixels
	if whole > 0 {
		args := rowArgs{first(dst, 96*whole), first(luma, 32*whole), first(cb, 32*whole), first(cr, 32*whole), whole, 0}
		yccToRGB256((*byte)(unsafe.Pointer(&args)))
	}
	if at := 32 * whole; at < n {
		var tail [96]uint8
		args := rowArgs{first(tail[:], 96), first(luma[at:], 32), first(cb[at:], 32), first(cr[at:], 32), 1, 0}
		yccToRGB256((*byte)(unsafe.Pointer(&args)))
		copy(dst[3*at:3*n], tail[:])
	}
}

func interleaveAVX2(dst, r, g, b []uint8, n int) {
	whole := n / vectorPixels
	if whole > 0 {
		args := rowArgs{first(dst, 96*whole), first(r, 32*whole), first(g, 32*whole), first(b, 32*whole), whole, 0}
		interleave256((*byte)(unsafe.Pointer(&args)))
	}
	if at := 32 * whole; at < n {
		var tail [96]uint8
		args := rowArgs{first(tail[:], 96), first(r[at:], 32), first(g[at:], 32), first(b[at:], 32), 1, 0}
		interleave256((*byte)(unsafe.Pointer(&args)))
		copy(dst[3*at:3*n], tail[:])
	}
}
