package jpeg

// A progressive file may end, properly, before all coefficients are known. Then
// libjpeg estimates the low frequencies that are still zero from the means of
// the 25 blocks around ("block smoothing"), so that a coarse picture does not
// look like tiles. Nothing is smoothed in a file that is complete.

// estimated is how many coefficients may be, the first one included.
const estimated = 10

// weights of the means of 5x5 blocks, row by row, in an estimate.
type weights = [25]int32

// Where no coefficient but the first is known, ten are estimated, the first
// among them.
var coarseWeights = [estimated]weights{
	{-2, -6, -8, -6, -2, -6, 6, 42, 6, -6, -8, 42, 152, 42, -8, -6, 6, 42, 6, -6, -2, -6, -8, -6, -2},
	{-1, -1, 0, 1, 1, -3, 13, 0, -13, 3, -3, 38, 0, -38, 3, -3, 13, 0, -13, 3, -1, -1, 0, 1, 1},
	{-1, -3, -3, -3, -1, -1, 13, 38, 13, -1, 0, 0, 0, 0, 0, 1, -13, -38, -13, 1, 1, 3, 3, 3, 1},
	{0, 0, 1, 0, 0, 0, 2, 7, 2, 0, 0, -5, -14, -5, 0, 0, 2, 7, 2, 0, 0, 0, 1, 0, 0},
	{-1, 0, 0, 0, 1, 0, 9, 0, -9, 0, 0, 0, 0, 0, 0, 0, -9, 0, 9, 0, 1, 0, 0, 0, -1},
	{0, 0, 0, 0, 0, 0, 2, -5, 2, 0, 1, 7, -14, 7, 1, 0, 2, -5, 2, 0, 0, 0, 0, 0, 0},
	{0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0, 2, 0, -2, 0, 0, 1, 0, -1, 0, 0, 0, 0, 0, 0},
	{0, 0, 0, 0, 0, 0, 1, -3, 1, 0, 0, 0, 0, 0, 0, 0, -1, 3, -1, 0, 0, 0, 0, 0, 0},
	{0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0, -3, 0, 3, 0, 0, 1, 0, -1, 0, 0, 0, 0, 0, 0},
	{0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, -1, -2, -1, 0, 0, 0, 0, 0, 0},
}

// Where some are, only the five lowest after the first.
var fineWeights = [6]weights{
	1: {10: -7, 11: 50, 13: -50, 14: 7},
	2: {2: -7, 7: 50, 17: -50, 22: 7},
	3: {2: -1, 7: 13, 12: -24, 17: 13, 22: -1},
	4: {0, -1, 0, 1, 0, -1, 10, 0, -10, 1, 0, 0, 0, 0, 0, 1, -10, 0, 10, -1, 0, 1, 0, -1, 0},
	5: {10: -1, 11: 13, 12: -24, 13: 13, 14: -1},
}

// smooths reports whether there is something to estimate.
func (d *Decoder) smooths() bool {
	if !d.header.Progressive {
		return false
	}
	useful := false
	for i := range d.header.Planes {
		p := &d.planes[i]
		if d.scans == 1 {
			for k := range estimated {
				p.bitsBefore[k] = -1
			}
		}
		if !p.latched || p.bitsKnown[0] < 0 {
			return false
		}
		for k := range estimated {
			if p.quant[zigzag[k]] == 0 {
				return false
			}
			useful = useful || k > 0 && p.bitsKnown[k] != 0
		}
	}
	return useful
}

// smooth fills in the estimates of a block; row is its row of MCUs.
func (d *Decoder) smooth(p *plane, out *block, x, y, row int) {
	known := &p.bitsKnown
	if row > d.goodMCUs {
		known = &p.bitsBefore // the last scan did not come so far
	}
	list := fineWeights[:]
	if coarse(known) {
		list = coarseWeights[:]
	}
	means := d.means(p, x, y, row)
	for k := 1; k < len(list); k++ {
		if at := zigzag[k]; known[k] != 0 && out[at] == 0 {
			out[at] = estimate(&list[k], &means, p.quant[0], p.quant[at], int(known[k]))
		}
	}
	if len(list) == estimated {
		out[0] = estimate(&list[0], &means, p.quant[0], p.quant[0], 0)
	}
}

func coarse(known *[64]int8) bool {
	for _, bits := range known[1:estimated] {
		if bits >= 0 {
			return false
		}
	}
	return true
}

// estimate is one coefficient. Where its high bits are known to be zero, it
// stays below them.
func estimate(w *weights, means *[25]int32, quant0, quant uint16, low int) int16 {
	sum := int64(0)
	for i, v := range means {
		sum += int64(w[i]) * int64(v)
	}
	sum *= int64(quant0)
	q := int64(quant)
	magnitude := (q<<7 + max(sum, -sum)) / (q << 8)
	if low > 0 {
		magnitude = min(magnitude, 1<<low-1)
	}
	if sum < 0 {
		magnitude = -magnitude
	}
	return int16(magnitude)
}

// means are the first coefficients of the blocks around one. The edges repeat;
// rows are counted as libjpeg counts them, which in the last row of MCUs is not
// quite where they are.
func (d *Decoder) means(p *plane, x, y, row int) (m [25]int32) {
	rows := p.v
	if last := p.blocksY % p.v; row == d.mcusY-1 && last != 0 {
		rows = last
	}
	counted, count := row*rows+y-row*p.v, rows*d.mcusY
	for j := range 5 {
		line := y + min(max(j-2, -counted), count-1-counted)
		for i := range 5 {
			column := min(max(x+i-2, 0), p.blocksX-1)
			m[5*j+i] = int32(p.coefficients[64*(line*p.padX+column)])
		}
	}
	return m
}
