package ops

// The naive reference of every operator: one loop an index, in float64,
// straight from PyTorch's definitions. at reads zero outside the map.

import (
	"math"
)

type naive struct {
	shape []int
	data  []float64
}

func toNaive(t *Tensor) naive {
	n := naive{shape: t.Shape(), data: make([]float64, t.Len())}
	for i, v := range t.Data() {
		n.data[i] = float64(v)
	}
	return n
}

func newNaive(shape ...int) naive {
	size := 1
	for _, d := range shape {
		size *= d
	}
	return naive{shape, make([]float64, size)}
}

func (n naive) index(i, c, y, x int) int {
	return ((i*n.shape[1]+c)*n.shape[2]+y)*n.shape[3] + x
}

func (n naive) inside(y, x int) bool {
	return y >= 0 && y < n.shape[2] && x >= 0 && x < n.shape[3]
}

func (n naive) at(i, c, y, x int) float64 {
	if !n.inside(y, x) {
		return 0
	}
	return n.data[n.index(i, c, y, x)]
}

// each sets every element of an N×C×H×W tensor.
func (n naive) each(f func(i, c, y, x int) float64) naive {
	for i := range n.shape[0] {
		for c := range n.shape[1] {
			for y := range n.shape[2] {
				for x := range n.shape[3] {
					n.data[n.index(i, c, y, x)] = f(i, c, y, x)
				}
			}
		}
	}
	return n
}

func naiveConv(x, w naive, bias []float64, o Conv2DOptions, outH, outW int) naive {
	perGroup := w.shape[0] / o.Groups
	return newNaive(x.shape[0], w.shape[0], outH, outW).each(func(i, c, y, xx int) float64 {
		sum := 0.0
		if bias != nil {
			sum = bias[c]
		}
		for k := range w.shape[1] {
			for kh := range w.shape[2] {
				for kw := range w.shape[3] {
					sum += w.data[w.index(c, k, kh, kw)] * x.at(i, c/perGroup*w.shape[1]+k,
						y*o.Stride[0]-o.Padding[0]+kh*o.Dilation[0], xx*o.Stride[1]-o.Padding[1]+kw*o.Dilation[1])
				}
			}
		}
		return sum
	})
}

// naivePool folds the pixels of each window that lie inside the map; finish
// gets the result, the pixels inside and those inside the padded map.
func naivePool(x naive, o PoolOptions, outH, outW int, start float64, fold func(a, v float64) float64, finish func(a float64, inside, padded int) float64) naive {
	return newNaive(x.shape[0], x.shape[1], outH, outW).each(func(i, c, y, xx int) float64 {
		acc, inside, padded := start, 0, 0
		for kh := range o.Kernel[0] {
			for kw := range o.Kernel[1] {
				iy, ix := y*o.Stride[0]-o.Padding[0]+kh*o.Dilation[0], xx*o.Stride[1]-o.Padding[1]+kw*o.Dilation[1]
				if iy < x.shape[2]+o.Padding[0] && ix < x.shape[3]+o.Padding[1] {
					padded++
				}
				if x.inside(iy, ix) {
					inside++
					acc = fold(acc, x.at(i, c, iy, ix))
				}
			}
		}
		return finish(acc, inside, padded)
	})
}

func naiveAdaptive(x naive, h, w int) naive {
	return newNaive(x.shape[0], x.shape[1], h, w).each(func(i, c, y, xx int) float64 {
		y0, y1 := floorDiv(y*x.shape[2], h), ceilDiv((y+1)*x.shape[2], h)
		x0, x1 := floorDiv(xx*x.shape[3], w), ceilDiv((xx+1)*x.shape[3], w)
		sum := 0.0
		for iy := y0; iy < y1; iy++ {
			for ix := x0; ix < x1; ix++ {
				sum += x.at(i, c, iy, ix)
			}
		}
		return sum / float64((y1-y0)*(x1-x0))
	})
}

func floorDiv(a, b int) int { return int(math.Floor(float64(a) / float64(b))) }
func ceilDiv(a, b int) int  { return int(math.Ceil(float64(a) / float64(b))) }

func naiveGroupNorm(x naive, groups int, weight, bias []float64, eps float64) naive {
	per := x.shape[1] / groups
	return newNaive(x.shape...).each(func(i, c, y, xx int) float64 {
		var sum, squares, n float64
		for k := c / per * per; k < c/per*per+per; k++ {
			for iy := range x.shape[2] {
				for ix := range x.shape[3] {
					v := x.at(i, k, iy, ix)
					sum, squares, n = sum+v, squares+v*v, n+1
				}
			}
		}
		mean := sum / n
		return (x.at(i, c, y, xx)-mean)/math.Sqrt(squares/n-mean*mean+eps)*weight[c] + bias[c]
	})
}

func naiveSoftmax(x naive) naive {
	return newNaive(x.shape...).each(func(i, c, y, xx int) float64 {
		sum := 0.0
		for k := range x.shape[1] {
			sum += math.Exp(x.at(i, k, y, xx))
		}
		return math.Exp(x.at(i, c, y, xx)) / sum
	})
}

func naiveLinear(x, w naive, bias []float64) naive {
	out := newNaive(x.shape[0], w.shape[0])
	for i := range x.shape[0] {
		for o := range w.shape[0] {
			sum := bias[o]
			for k := range w.shape[1] {
				sum += x.data[i*w.shape[1]+k] * w.data[o*w.shape[1]+k]
			}
			out.data[i*w.shape[0]+o] = sum
		}
	}
	return out
}

// naiveResize interpolates; stepY and stepX are source pixels per output
// pixel.
func naiveResize(x naive, mode InterpolateMode, h, w int, stepY, stepX float64) naive {
	source := func(o, in int, step float64) (a, b int, t float64) {
		at := float64(o) * step
		switch mode {
		case Nearest:
			a = min(int(math.Floor(at)), in-1)
			return a, a, 0
		case Bilinear:
			at = math.Max(0, (float64(o)+0.5)*step-0.5)
		}
		a = min(int(at), in-1)
		return a, min(a+1, in-1), at - float64(a)
	}
	return newNaive(x.shape[0], x.shape[1], h, w).each(func(i, c, y, xx int) float64 {
		y0, y1, ty := source(y, x.shape[2], stepY)
		x0, x1, tx := source(xx, x.shape[3], stepX)
		top := x.at(i, c, y0, x0)*(1-tx) + x.at(i, c, y0, x1)*tx
		bottom := x.at(i, c, y1, x0)*(1-tx) + x.at(i, c, y1, x1)*tx
		return top*(1-ty) + bottom*ty
	})
}
