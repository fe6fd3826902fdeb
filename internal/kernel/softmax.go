package kernel

import "math"

// softmax normalises over the channels of each pixel.
type softmax struct {
	noScratch
	dims Dims
}

// NewSoftmax returns a softmax over C. The output may lie on the input.
func NewSoftmax(dims Dims) Kernel { return &softmax{dims: dims} }

func (k *softmax) Name() string { return "softmax" }
func (k *softmax) Tasks() int   { return k.dims.N }

func (k *softmax) Do(a *Args, image int, _ []float32) {
	plane, n := k.dims.Plane(), k.dims.C*k.dims.Plane()
	x, out := a.In[0][image*n:(image+1)*n], a.Out[image*n:(image+1)*n]
	for p := range plane {
		top := math.Inf(-1)
		for i := p; i < n; i += plane {
			top = math.Max(top, float64(x[i]))
		}
		var sum float64
		for i := p; i < n; i += plane {
			e := math.Exp(float64(x[i]) - top)
			sum += e
			out[i] = float32(e)
		}
		for i := p; i < n; i += plane {
			out[i] = float32(float64(out[i]) / sum)
		}
	}
}
