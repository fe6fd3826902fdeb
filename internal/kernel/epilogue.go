package kernel

import "math"

// Act is the activation function that an epilogue applies.
type Act uint8

// The activation functions.
const (
	None Act = iota
	ReLU
	LeakyReLU
	Sigmoid
)

// Number is what assembly knows an activation function by.
func (a Act) Number() int {
	switch a {
	case ReLU:
		return 1
	case LeakyReLU:
		return 2
	}
	return 0
}

// CanBlockAct reports whether blocked kernels have an activation function.
func CanBlockAct(act Act, slope float32) bool {
	return act == None || act == ReLU || act == LeakyReLU && slope >= 0 && slope <= 1
}

// Epilogue is what a convolution or linear layer does to its sums before it
// stores them: act(sum*Scale + Shift + residual). Folding batch normalisation
// here and not into the weights keeps one copy of them for plans that need
// the convolution's own output as well.
type Epilogue struct {
	// Scale and Shift have a value a channel; nil is 1 and 0.
	Scale, Shift []float32
	// Residual adds In[1], a tensor like the output.
	Residual bool
	Act      Act
	Slope    float32
}

// Apply finishes a row of sums of one channel. residual is nil or as long.
func (e *Epilogue) Apply(dst, sums []float32, channel int, residual []float32) {
	scale, shift := float32(1), float32(0)
	if e.Scale != nil {
		scale = e.Scale[channel]
	}
	if e.Shift != nil {
		shift = e.Shift[channel]
	}
	dst = dst[:len(sums)]
	if e.Residual {
		residual = residual[:len(sums)]
		for i, v := range sums {
			dst[i] = v*scale + shift + residual[i]
		}
	} else {
		for i, v := range sums {
			dst[i] = v*scale + shift
		}
	}
	Activate(dst, e.Act, e.Slope)
}

// Activate applies a function in place. A NaN stays NaN, as in PyTorch.
func Activate(x []float32, act Act, slope float32) {
	switch act {
	case ReLU:
		for i, v := range x {
			if v < 0 {
				x[i] = 0
			}
		}
	case LeakyReLU:
		for i, v := range x {
			if v < 0 {
				x[i] = v * slope
			}
		}
	case Sigmoid:
		for i, v := range x {
			x[i] = sigmoid(v)
		}
	}
}

func sigmoid(v float32) float32 {
	return float32(1 / (1 + math.Exp(-float64(v))))
}
