package kerneltest

import (
	"math"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// NaiveConv is the definition of a convolution and its epilogue, in float64.
func NaiveConv(s kernel.ConvSpec, x, residual []float32) []float64 {
	out := make([]float64, s.Out.Len())
	perGroup := s.In.C / s.Groups
	for i := range out {
		ox, oy := i%s.Out.W, i/s.Out.W%s.Out.H
		oc, image := i/s.Out.Plane()%s.Out.C, i/s.Out.Plane()/s.Out.C
		first := oc / (s.Out.C / s.Groups) * perGroup
		sum := 0.0
		for k := range perGroup {
			for ky := range s.Kernel[0] {
				for kx := range s.Kernel[1] {
					y, xx := oy*s.Stride[0]-s.Padding[0]+ky*s.Dilation[0], ox*s.Stride[1]-s.Padding[1]+kx*s.Dilation[1]
					if y >= 0 && y < s.In.H && xx >= 0 && xx < s.In.W {
						w := s.Weight[((oc*perGroup+k)*s.Kernel[0]+ky)*s.Kernel[1]+kx]
						sum += float64(w) * float64(x[((image*s.In.C+first+k)*s.In.H+y)*s.In.W+xx])
					}
				}
			}
		}
		if s.Scale != nil {
			sum *= float64(s.Scale[oc])
		}
		if s.Shift != nil {
			sum += float64(s.Shift[oc])
		}
		if s.Residual {
			sum += float64(residual[i])
		}
		switch s.Act {
		case kernel.ReLU:
			sum = math.Max(sum, 0)
		case kernel.LeakyReLU:
			sum = math.Max(sum, 0) + float64(s.Slope)*math.Min(sum, 0)
		case kernel.Sigmoid:
			sum = 1 / (1 + math.Exp(-sum))
		}
		out[i] = sum
	}
	return out
}
