package ops

import "math"

// DefaultDeltaClip bounds the logarithm by which a box may grow:
// log(1000/16), as in Detectron and torchvision.
var DefaultDeltaClip = float32(math.Log(1000.0 / 16))

// BoxCoder is the parametrisation of R-CNN (Girshick et al. 2014, appendix C):
// the move of the centre relative to the reference's size, and the logarithms
// of the ratios of widths and heights. It is torchvision's BoxCoder.
type BoxCoder struct {
	// Weights multiply the deltas of x, y, width and height: (10, 10, 5, 5) in
	// Faster R-CNN's box head, ones in RPN and RetinaNet.
	Weights [4]float32
	// Clip is the largest logarithm of a ratio when decoding.
	Clip float32
}

// NewBoxCoder makes a coder with weights and torchvision's clip.
func NewBoxCoder(weights [4]float32) BoxCoder {
	return BoxCoder{Weights: weights, Clip: DefaultDeltaClip}
}

// Encode gives the deltas that lead from a reference to a box.
func (c BoxCoder) Encode(box, reference Box) [4]float32 {
	rw, rh := reference.Width(), reference.Height()
	rx, ry := reference.X1+0.5*rw, reference.Y1+0.5*rh
	w, h := box.Width(), box.Height()
	x, y := box.X1+0.5*w, box.Y1+0.5*h
	return [4]float32{
		c.Weights[0] * (x - rx) / rw,
		c.Weights[1] * (y - ry) / rh,
		c.Weights[2] * log32(w/rw),
		c.Weights[3] * log32(h/rh),
	}
}

// Decode applies deltas to a reference. NaN and infinite deltas give such
// boxes, but an infinite growth is clipped.
func (c BoxCoder) Decode(delta [4]float32, reference Box) Box {
	w, h := reference.Width(), reference.Height()
	x, y := reference.X1+0.5*w, reference.Y1+0.5*h
	dw, dh := delta[2]/c.Weights[2], delta[3]/c.Weights[3]
	if dw > c.Clip {
		dw = c.Clip
	}
	if dh > c.Clip {
		dh = c.Clip
	}
	px := delta[0]/c.Weights[0]*w + x
	py := delta[1]/c.Weights[1]*h + y
	halfW, halfH := 0.5*(exp32(dw)*w), 0.5*(exp32(dh)*h)
	return Box{px - halfW, py - halfH, px + halfW, py + halfH}
}

// BoxLinearCoder is FCOS's parametrisation (Tian et al. 2019): the distances
// from the reference's centre to the box's left, top, right and bottom sides.
// It is torchvision's BoxLinearCoder.
type BoxLinearCoder struct {
	// NormalizeBySize divides the distances by the reference's size.
	NormalizeBySize bool
}

// Encode gives the distances from a reference's centre to a box's sides.
func (c BoxLinearCoder) Encode(box, reference Box) [4]float32 {
	x, y := 0.5*(reference.X1+reference.X2), 0.5*(reference.Y1+reference.Y2)
	d := [4]float32{x - box.X1, y - box.Y1, box.X2 - x, box.Y2 - y}
	if c.NormalizeBySize {
		w, h := reference.Width(), reference.Height()
		d[0], d[1], d[2], d[3] = d[0]/w, d[1]/h, d[2]/w, d[3]/h
	}
	return d
}

// Decode makes a box of distances from a reference's centre.
func (c BoxLinearCoder) Decode(d [4]float32, reference Box) Box {
	x, y := 0.5*(reference.X1+reference.X2), 0.5*(reference.Y1+reference.Y2)
	if c.NormalizeBySize {
		w, h := reference.Width(), reference.Height()
		d[0], d[1], d[2], d[3] = d[0]*w, d[1]*h, d[2]*w, d[3]*h
	}
	return Box{x - d[0], y - d[1], x + d[2], y + d[3]}
}
