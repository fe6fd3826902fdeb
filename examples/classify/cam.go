package main

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// saveCAM writes the photograph with a heat map of the evidence for a class. The
// network sees the whole photograph, not the crop that it classifies.
func saveCAM(ctx context.Context, c *classify.Classifier, file string, img *transform.RGB, class int) error {
	whole := c.Transform
	whole.Crop = 0
	x, err := whole.Apply(img)
	if err != nil {
		return err
	}
	cam, err := c.CAM(ctx, x, class)
	if err != nil {
		return err
	}
	heat, err := ops.Interpolate(cam, ops.InterpolateOptions{Mode: ops.Bilinear, Size: [2]int{img.Height, img.Width}})
	if err != nil {
		return err
	}
	return weights.SaveFile(file, func(w io.Writer) error { return png.Encode(w, heatMap(img, heat.Data())) })
}

// heatMap mixes a photograph with the colours of values, of which the largest is
// red, and zero and less show the photograph alone.
func heatMap(img image.Image, values []float32) *image.RGBA {
	bounds := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	draw.Draw(out, out.Rect, img, bounds.Min, draw.Src)
	var largest float32
	for _, v := range values {
		largest = max(largest, v)
	}
	if largest == 0 {
		return out
	}
	for i, v := range values {
		heat := max(v/largest, 0)
		hot, pixel := warmth(heat), out.Pix[4*i:4*i+3]
		share := 0.65 * min(2*heat, 1)
		for k, h := range [3]uint8{hot.R, hot.G, hot.B} {
			pixel[k] = uint8((1-share)*float32(pixel[k]) + share*float32(h))
		}
	}
	return out
}

// warmth runs from blue over green and yellow to red.
func warmth(v float32) color.RGBA {
	ramp := func(centre float32) uint8 { return uint8(255 * min(max(1.5-4*max(v-centre, centre-v), 0), 1)) }
	return color.RGBA{ramp(0.875), ramp(0.55), ramp(0.2), 255}
}
