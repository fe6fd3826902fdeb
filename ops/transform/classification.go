package transform

import (
	"image"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// Classification is torchvision's ImageClassification preset: resize the
// shorter side, cut the centre, scale to 0..1, normalise.
type Classification struct {
	// Resize is the shorter side's length in pixels; 0 leaves the size.
	Resize int
	// Crop is the side of the square cut from the centre; 0 cuts nothing.
	Crop int
	// Mean and Std normalise R, G and B: (x/255 - Mean) / Std. A zero Std is
	// taken as 1.
	Mean, Std [3]float32
	// Interpolation defaults to Bilinear.
	Interpolation Interpolation
}

// ImageNet is the preprocessing that most ImageNet checkpoints were trained
// with: resize 256, crop 224.
func ImageNet() Classification {
	return Classification{
		Resize: 256, Crop: 224,
		Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225},
		Interpolation: Bilinear,
	}
}

// ImageNetV2 is that of torchvision's IMAGENET1K_V2 checkpoints: resize 232,
// crop 224.
func ImageNetV2() Classification {
	c := ImageNet()
	c.Resize = 232
	return c
}

// Apply turns an image into a 1×3×H×W tensor.
func (c Classification) Apply(img image.Image) (*ops.Tensor, error) { return c.ApplyBatch(img) }

// ApplyBatch turns images into an N×3×H×W tensor. Without a Crop they must
// come out at one size. Errors wrap ErrImage.
func (c Classification) ApplyBatch(images ...image.Image) (*ops.Tensor, error) {
	if len(images) == 0 {
		return nil, errors.Wrap(ErrImage, "no images")
	}
	var batch *ops.Tensor
	for i, img := range images {
		m, err := c.Pixels(img)
		if err != nil {
			return nil, errors.WithMessagef(err, "image %d", i)
		}
		if batch == nil {
			if batch, err = ops.New(len(images), 3, m.Height, m.Width); err != nil {
				return nil, err
			}
		}
		if m.Height != batch.Dim(2) || m.Width != batch.Dim(3) {
			return nil, errors.Wrapf(ErrImage, "image %d is %dx%d, the first %dx%d: set Crop, or resize them alike", i, m.Width, m.Height, batch.Dim(3), batch.Dim(2))
		}
		n := 3 * m.Width * m.Height
		c.normalise(batch.Data()[i*n:(i+1)*n], m)
	}
	return batch, nil
}

// Pixels resizes and cuts, the part of the preprocessing that gives an image.
func (c Classification) Pixels(img image.Image) (*RGB, error) {
	m, err := ToRGB(img)
	if err != nil {
		return nil, err
	}
	if c.Resize != 0 {
		if m, err = ResizeShorter(m, c.Resize, c.Interpolation); err != nil {
			return nil, err
		}
	}
	if c.Crop != 0 {
		return CenterCrop(m, c.Crop, c.Crop)
	}
	return m, nil
}

// normalise writes the planes of R, G and B. A table has the 256 values of
// each, computed in float32 in torchvision's order.
func (c Classification) normalise(dst []float32, m *RGB) {
	plane := m.Width * m.Height
	for ch := range 3 {
		table := c.table(ch)
		out := dst[ch*plane : (ch+1)*plane]
		for i := range out {
			out[i] = table[m.Pix[3*i+ch]]
		}
	}
}

// table is the values of a channel's bytes.
func (c Classification) table(ch int) (table [256]float32) {
	std := c.Std[ch]
	if std == 0 {
		std = 1
	}
	for v := range table {
		x := float32(v) / 255
		x -= c.Mean[ch]
		table[v] = x / std
	}
	return table
}

// tables normalise bytes of red, green and blue.
func (c Classification) tables() (t [3][256]float32) {
	for ch := range t {
		t[ch] = c.table(ch)
	}
	return t
}
