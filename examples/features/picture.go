package main

import (
	"image"
	"image/png"
	"io"

	"github.com/pkg/errors"
	"golang.org/x/image/draw"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// pictureSize is the least width of a picture: small maps are enlarged.
const pictureSize = 448

// savePicture shows a map as colours: its channels' three principal
// components, over the pixels of the map, become red, green and blue. What
// the network takes for alike has the same colour.
func savePicture(path string, t *ops.Tensor) error {
	rgb, err := principalColours(t)
	if err != nil {
		return err
	}
	small, err := rgb.ToImage(0)
	if err != nil {
		return err
	}
	factor := max(1, (pictureSize+t.Dim(3)-1)/t.Dim(3))
	large := image.NewRGBA(image.Rect(0, 0, factor*t.Dim(3), factor*t.Dim(2)))
	draw.NearestNeighbor.Scale(large, large.Bounds(), small, small.Bounds(), draw.Src, nil)
	return weights.SaveFile(path, func(w io.Writer) error { return png.Encode(w, large) })
}

// maxSamples bounds the pixels from which the components are computed.
const maxSamples = 2048

func principalColours(t *ops.Tensor) (*ops.Tensor, error) {
	channels, pixels := t.Dim(1), t.Dim(2)*t.Dim(3)
	rgb, err := ops.New(1, 3, t.Dim(2), t.Dim(3))
	if err != nil {
		return nil, err
	}
	if pixels < 2 {
		return rgb, nil // one pixel has no variance to show
	}
	samples := mat.NewDense(min(pixels, maxSamples), channels, nil)
	rows, _ := samples.Dims()
	for r := range rows {
		for c := range channels {
			samples.Set(r, c, float64(t.Data()[c*pixels+r*pixels/rows]))
		}
	}
	var pc stat.PC
	if !pc.PrincipalComponents(samples, nil) {
		return nil, errors.New("the principal components did not converge; are there NaN in the map?")
	}
	var vectors mat.Dense
	pc.VectorsTo(&vectors)
	_, have := vectors.Dims()
	for k := range min(3, have) {
		project(rgb.Data()[k*pixels:(k+1)*pixels], t.Data()[:channels*pixels], vectors.ColView(k))
	}
	return rgb, nil
}

// project writes the pixels' components along a vector, scaled to 0…1.
func project(dst, data []float32, vector mat.Vector) {
	for c := range vector.Len() {
		w := float32(vector.AtVec(c))
		for i, v := range data[c*len(dst) : (c+1)*len(dst)] {
			dst[i] += w * v
		}
	}
	low, high := dst[0], dst[0]
	for _, v := range dst {
		low, high = min(low, v), max(high, v)
	}
	for i, v := range dst {
		dst[i] = (v - low) / max(high-low, 1e-12)
	}
}
