//go:build cgo

package opencv

import (
	"github.com/pkg/errors"
	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/video"
)

// canvas is a BGR Mat that frames are copied into.
type canvas struct {
	mat  gocv.Mat
	pix  []uint8
	made bool
}

// fill copies a frame; a frame of another size makes a new Mat.
func (c *canvas) fill(f *video.Frame) error {
	if !c.made || c.mat.Cols() != f.Width || c.mat.Rows() != f.Height {
		c.close()
		c.mat, c.made = gocv.NewMatWithSize(f.Height, f.Width, gocv.MatTypeCV8UC3), true
		var err error
		if c.pix, err = c.mat.DataPtrUint8(); err != nil {
			return errors.Wrap(video.ErrFrame, err.Error())
		}
	}
	for y := range f.Height {
		out, in := c.pix[3*f.Width*y:][:3*f.Width], f.Row(y)
		if f.Order == video.BGR {
			copy(out, in)
			continue
		}
		for i := 0; i+2 < len(in); i += 3 {
			out[i], out[i+1], out[i+2] = in[i+2], in[i+1], in[i]
		}
	}
	return nil
}

func (c *canvas) close() {
	if c.made {
		_ = c.mat.Close()
		c.made, c.pix = false, nil
	}
}
