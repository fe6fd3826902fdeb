package transform

import (
	"math"
)

// Interpolation is how Resize samples.
type Interpolation string

const (
	// Bilinear is Pillow's BILINEAR, which widens with the scale when it
	// shrinks an image (antialiasing). The default.
	Bilinear Interpolation = "bilinear"
	// Bicubic is Pillow's BICUBIC (a = -0.5), antialiased too.
	Bicubic Interpolation = "bicubic"
	// Nearest is Pillow's NEAREST.
	Nearest Interpolation = "nearest"
)

// filter is a resampling kernel: a function of the distance in source pixels
// that is zero from support on.
type filter struct {
	support float64
	weight  func(x float64) float64
}

var filters = map[Interpolation]filter{
	Bilinear: {1, func(x float64) float64 { return math.Max(0, 1-math.Abs(x)) }},
	Bicubic:  {2, bicubic},
}

func bicubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	}
	return 0
}

// precision is the bits of fraction of a tap's weight: 8-bit samples, with
// room for the sign and for overshoot, fill 32 bits.
const precision = 32 - 8 - 2

// taps are the source samples of one output sample.
type taps struct {
	first   int
	weights []int32
}

// tapsOf computes what each of out samples takes from in samples, as Pillow
// does: in double precision, then rounded to fixed point.
func tapsOf(in, out int, f filter) []taps {
	scale := float64(in) / float64(out)
	widen := math.Max(scale, 1)
	support := f.support * widen
	list := make([]taps, out)
	exact := make([]float64, int(math.Ceil(support))*2+1)
	for i := range list {
		center := (float64(i) + 0.5) * scale
		first := max(0, int(center-support+0.5))
		end := min(in, int(center+support+0.5))
		sum := 0.0
		for x := range end - first {
			exact[x] = f.weight((float64(x+first) - center + 0.5) * (1 / widen))
			sum += exact[x]
		}
		list[i] = taps{first: first, weights: make([]int32, end-first)}
		for x := range list[i].weights {
			w := exact[x]
			if sum != 0 {
				w /= sum
			}
			list[i].weights[x] = int32(math.Round(w * (1 << precision)))
		}
	}
	return list
}

// resample resizes with a filter: along rows first, then along columns, with
// 8 bits between, leaving out an axis that keeps its size.
func resample(src *RGB, width, height int, f filter) *RGB {
	if width != src.Width {
		src = resampleRows(src, width, f)
	}
	if height != src.Height {
		src = resampleColumns(src, height, f)
	}
	return src
}

const rounding = 1 << (precision - 1)

func resampleRows(src *RGB, width int, f filter) *RGB {
	dst := newRGB(width, src.Height)
	list := tapsOf(src.Width, width, f)
	for y := range src.Height {
		in, out := src.Row(y), dst.Row(y)
		for x, t := range list {
			r, g, b := int32(rounding), int32(rounding), int32(rounding)
			line := in[3*t.first:][:3*len(t.weights)]
			for i, w := range t.weights {
				p := line[3*i : 3*i+3 : 3*i+3]
				r += w * int32(p[0])
				g += w * int32(p[1])
				b += w * int32(p[2])
			}
			o := out[3*x : 3*x+3 : 3*x+3]
			o[0], o[1], o[2] = clip(r), clip(g), clip(b)
		}
	}
	return dst
}

func resampleColumns(src *RGB, height int, f filter) *RGB {
	dst := newRGB(src.Width, height)
	sums := make([]int32, 3*src.Width)
	for y, t := range tapsOf(src.Height, height, f) {
		for i := range sums {
			sums[i] = rounding
		}
		for i, w := range t.weights {
			row := src.Row(t.first + i)[:len(sums)]
			for x, v := range row {
				sums[x] += w * int32(v)
			}
		}
		out := dst.Row(y)[:len(sums)]
		for x, v := range sums {
			out[x] = clip(v)
		}
	}
	return dst
}

// clip brings a fixed-point sum to 8 bits.
func clip(v int32) uint8 { return uint8(min(max(v>>precision, 0), 255)) }

// nearest takes the source pixel that each output pixel's centre falls in.
func nearest(src *RGB, width, height int) *RGB {
	dst := newRGB(width, height)
	columns := make([]int, width)
	for x := range columns {
		columns[x] = nearestIndex(x, src.Width, width)
	}
	for y := range height {
		in, out := src.Row(nearestIndex(y, src.Height, height)), dst.Row(y)
		for x, sx := range columns {
			copy(out[3*x:3*x+3], in[3*sx:3*sx+3])
		}
	}
	return dst
}

func nearestIndex(o, in, out int) int {
	return min(int((float64(o)+0.5)*(float64(in)/float64(out))), in-1)
}
