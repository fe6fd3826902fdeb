package norm

import (
	"math"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// GroupSpec describes a group normalisation.
type GroupSpec struct {
	Dims         kernel.Dims
	Groups       int
	Eps          float64
	Weight, Bias []float32
	Act          kernel.Act
	Slope        float32
}

type group struct {
	kernel.NoScratch
	GroupSpec
}

// NewGroup returns act(group_norm(x)). The output may lie on the input.
func NewGroup(s GroupSpec) kernel.Kernel { return &group{GroupSpec: s} }

func (k *group) Name() string { return "groupnorm" }
func (k *group) Tasks() int   { return k.Dims.N * k.Groups }

func (k *group) Do(a *kernel.Args, task int, _ []float32) {
	plane := k.Dims.Plane()
	channels := k.Dims.C / k.Groups
	n := channels * plane
	x, out := a.In[0][task*n:(task+1)*n], a.Out[task*n:(task+1)*n]
	mean, variance := moments(x)
	invStd := 1 / math.Sqrt(variance+k.Eps)
	for c := range channels {
		ch := task%k.Groups*channels + c
		scale := float32(invStd * float64(k.Weight[ch]))
		shift := float32(float64(k.Bias[ch]) - mean*invStd*float64(k.Weight[ch]))
		row := out[c*plane : (c+1)*plane]
		for i, v := range x[c*plane : (c+1)*plane] {
			row[i] = v*scale + shift
		}
		kernel.Activate(row, k.Act, k.Slope)
	}
}

// moments is the mean and the biased variance, in two passes of float64.
func moments(x []float32) (mean, variance float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		variance += d * d
	}
	return mean, variance / float64(len(x))
}
