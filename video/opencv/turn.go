//go:build cgo

package opencv

import (
	"strings"

	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/video/internal/container"
)

// Properties that gocv does not name: the angle that the file asks for, and
// whether OpenCV turns the pictures by it.
const (
	orientationMeta gocv.VideoCaptureProperties = 48
	orientationAuto gocv.VideoCaptureProperties = 49
)

// turnOf is what makes a capture's pictures upright, after OpenCV was told to
// leave them as they are stored: its version 4.6 turns 90 and 270 degrees the
// wrong way, and none mirrors. The file itself says it best; file may be nil.
func turnOf(vc *gocv.VideoCapture, file *container.File) container.Turn {
	vc.Set(orientationAuto, 0)
	switch {
	case vc.Get(orientationAuto) != 0: // it insists
		return container.Turn{}
	case file != nil:
		return file.Turn
	}
	return container.Degrees(clockwise(vc.Get(orientationMeta), gocv.OpenCVVersion()))
}

// clockwise is the angle that OpenCV tells, which its version 4.6 counts the other
// way round.
func clockwise(meta float64, version string) float64 {
	if version == "4.6" || strings.HasPrefix(version, "4.6.") {
		return -meta
	}
	return meta
}

// upright turns a picture into another Mat, and gives its own back.
func (c *capture) upright(m *gocv.Mat) *gocv.Mat {
	if c.turn.Mirror {
		m = c.into(m, func(out *gocv.Mat) { gocv.Flip(*m, out, 1) })
	}
	switch c.turn.Quarters {
	case 1:
		m = c.into(m, func(out *gocv.Mat) { gocv.Rotate(*m, out, gocv.Rotate90Clockwise) })
	case 2:
		m = c.into(m, func(out *gocv.Mat) { gocv.Rotate(*m, out, gocv.Rotate180Clockwise) })
	case 3:
		m = c.into(m, func(out *gocv.Mat) { gocv.Rotate(*m, out, gocv.Rotate90CounterClockwise) })
	}
	return m
}

func (c *capture) into(m *gocv.Mat, f func(out *gocv.Mat)) *gocv.Mat {
	out := c.mats.get()
	f(out)
	c.mats.put(m)
	return out
}
