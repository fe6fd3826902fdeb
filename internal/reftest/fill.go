package reftest

import "hash/fnv"

// Fill writes pseudo-random values, uniform in [lo, hi), that depend on the
// name, the index and nothing else. testdata/gen/fill.py gives the same
// values bit for bit, so fixtures need not store weights or inputs.
func Fill(name string, dst []float32, lo, hi float64) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	state := h.Sum64()
	for i := range dst {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		u := float64(z>>40) / (1 << 24)
		// The conversions keep the compiler from fusing multiply and add.
		dst[i] = float32(lo + float64((hi-lo)*u))
	}
}
