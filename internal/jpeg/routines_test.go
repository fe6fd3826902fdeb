package jpeg

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withVectors skips where there is only the portable form.
func withVectors(t *testing.T) {
	t.Helper()
	if active().name == portable.name {
		t.Skip("no vector code on this CPU, or VERTEBRA_ISA forbids it")
	}
}

// randomBlock has coefficients of every kind: few or many, small, as large as
// encoders make them, or anything.
func randomBlock(rng *rand.Rand) (b block) {
	most := []int{1, 4, 64, 256, 2048, 1 << 15}[rng.IntN(6)]
	for range []int{0, 1, 2, 5, 20, 64}[rng.IntN(6)] {
		b[rng.IntN(64)] = int16(rng.IntN(2*most) - most)
	}
	if rng.IntN(8) == 0 {
		clear(b[8:]) // the first row alone
	}
	b[0] = int16(rng.IntN(2*most) - most)
	return b
}

func randomQuant(rng *rand.Rand) (q [64]uint16) {
	most := []int{1, 16, 255, 1 << 16}[rng.IntN(4)]
	for i := range q {
		q[i] = uint16(rng.IntN(most) + 1)
	}
	return q
}

func TestTransformOfEachInstructionSet(t *testing.T) {
	withVectors(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 30000 {
		size := 2 << (round % 3)
		var want, got pending
		var planes [2][2]plane // of each, for each block
		var pixels [2][]uint8
		for i := range planes {
			stride := 8 + rng.IntN(3)*16
			quant := randomQuant(rng)
			want.blocks[i] = randomBlock(rng)
			for k, q := range []*pending{&want, &got} {
				p := &planes[k][i]
				*p = plane{size: size, quant: quant, stride: stride, rows: make([]uint8, 7*stride+8)}
				q.blocks[i], q.out[i] = want.blocks[i], target{plane: p}
			}
			pixels[i] = planes[0][i].rows
		}
		in := want.blocks
		portable.pair(&want)
		vectored.pair(&got)
		require.Equal(t, [2]block{}, got.blocks, "zeros stay behind")
		for i := range pixels {
			require.Equal(t, pixels[i], planes[1][i].rows, "round %d, size %d, block %v by %v", round, size, in[i], planes[0][i].quant)
		}
	}
}

// A block with one coefficient has the same pixels by the shortcut.
func TestFirstCoefficientAlone(t *testing.T) {
	for _, size := range []int{8, 4, 2} {
		for v := -2100; v <= 2100; v++ {
			q := uint16(1 + (v+2100)%15)
			if dc := v * int(q); dc > 8000 || dc < -8000 {
				continue
			}
			p := plane{size: size, quant: [64]uint16{q}, stride: 8, rows: make([]uint8, 64)}
			queue := pending{blocks: [2]block{{int16(v)}, {int16(v)}}, out: [2]target{{plane: &p}, {plane: &p}}}
			pairPortable(&queue)
			for y := range size {
				for x := range size {
					require.Equal(t, firstOnly(int16(v), q, size), p.rows[8*y+x], "%d times %d at %dx%d", v, q, size, size)
				}
			}
		}
	}
}

func TestRowsOfEachInstructionSet(t *testing.T) {
	withVectors(t)
	rng := rand.New(rand.NewPCG(3, 4))
	random := func() []uint8 {
		row := make([]uint8, 400)
		for i := range row {
			row[i] = uint8(rng.Uint32())
			if rng.IntN(4) == 0 {
				row[i] = uint8(255 * rng.IntN(2))
			}
		}
		return row
	}
	for n := 1; n <= 200; n++ {
		a, b, c := random(), random(), random()
		for name, call := range map[string]struct {
			bytes int
			call  func(r *routines, dst []uint8)
		}{
			"across":     {2 * n, func(r *routines, dst []uint8) { r.across(dst, a, n) }},
			"above":      {n, func(r *routines, dst []uint8) { r.down(dst, a, b, n, 1) }},
			"below":      {n, func(r *routines, dst []uint8) { r.down(dst, a, b, n, 2) }},
			"both":       {2 * n, func(r *routines, dst []uint8) { r.both(dst, a, b, n) }},
			"ycc":        {3 * n, func(r *routines, dst []uint8) { r.ycc(dst[:3*n], a, b, c, n) }},
			"interleave": {3 * n, func(r *routines, dst []uint8) { r.interleave(dst[:3*n], a, b, c, n) }},
		} {
			want, got := make([]uint8, 700), make([]uint8, 700)
			call.call(&portable, want)
			call.call(&vectored, got)
			require.Equal(t, want[:call.bytes], got[:call.bytes], "%s of %d", name, n)
		}
	}
}

// All colours there are.
func TestColoursOfEachInstructionSet(t *testing.T) {
	withVectors(t)
	if testing.Short() {
		t.Skip("16 million colours")
	}
	const n = 256
	luma, cb, cr := make([]uint8, n), make([]uint8, n), make([]uint8, n)
	want, got := make([]uint8, 3*n), make([]uint8, 3*n)
	for i := range luma {
		luma[i] = uint8(i)
	}
	for b := range 256 {
		for r := range 256 {
			for i := range n {
				cb[i], cr[i] = uint8(b), uint8(r)
			}
			portable.ycc(want, luma, cb, cr, n)
			vectored.ycc(got, luma, cb, cr, n)
			require.Equal(t, want, got, "Cb %d, Cr %d", b, r)
		}
	}
}

// The garbage collector moves a stack that has become too large, between two
// calls of the assembly too; arguments and tails of rows lie there.
func TestPointersOfAssembly(t *testing.T) {
	withVectors(t)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
			}
		}
	}()
	defer func() { close(done); <-stopped }()
	data := fixtures(t)["kind/45x37-2x2_1x1_1x2"]
	var d Decoder
	want, _, _, err := decode(&d, data, Options{})
	require.NoError(t, err)
	for range 300 {
		deepen(64)
		got, _, _, err := decode(&d, data, Options{})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// deepen makes the stack so many kilobytes larger than it needs to be.
//
//go:noinline
func deepen(kilobytes int) byte {
	var pad [1024]byte
	pad[kilobytes%len(pad)] = 1
	if kilobytes == 0 {
		return pad[1]
	}
	return deepen(kilobytes-1) + pad[0]
}
