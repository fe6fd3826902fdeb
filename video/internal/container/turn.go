package container

import "math"

// Turn makes a picture upright: it is mirrored left to right first, then turned
// clockwise by so many quarters.
type Turn struct {
	Mirror   bool
	Quarters int // 0 to 3
}

// turnOf is the turn that a display matrix makes: a stored pixel (x, y) is shown
// at (a·x + c·y, b·x + d·y), y downwards. Scales do not matter; an angle
// between two quarters, for which there is no turn, is none.
func turnOf(a, b, c, d float64) Turn {
	const small = 1e-3 // against what it would be at 45 degrees
	var t Turn
	if t.Mirror = a*d-b*c < 0; t.Mirror {
		a, b = -a, -b
	}
	switch {
	case math.Abs(b) <= small*math.Abs(a) && math.Abs(c) <= small*math.Abs(d):
		if a < 0 {
			t.Quarters = 2
		}
	case math.Abs(a) <= small*math.Abs(b) && math.Abs(d) <= small*math.Abs(c):
		t.Quarters = 1
		if b < 0 {
			t.Quarters = 3
		}
	default:
		return Turn{}
	}
	return t
}

// Degrees is the turn for an angle clockwise; none for one between quarters.
func Degrees(clockwise float64) Turn {
	sin, cos := math.Sincos(clockwise * math.Pi / 180)
	return turnOf(cos, sin, -sin, cos)
}

// Sideways reports whether width and height are exchanged.
func (t Turn) Sideways() bool { return t.Quarters%2 == 1 }
