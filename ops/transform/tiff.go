package transform

import (
	"bytes"
	"image"

	"golang.org/x/image/tiff"

	"github.com/vertebra-vision/vertebra/internal/imagefile"
	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// decodeTIFF decodes the first page of a TIFF.
func decodeTIFF(data []byte) (*RGB, error) {
	if err := imagefile.CheckTIFF(data); err != nil {
		return nil, err
	}
	img, err := tiff.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if grey, ok := img.(*image.Gray); ok && imagefile.InvertedFax(data) {
		for i := range grey.Pix {
			grey.Pix[i] = ^grey.Pix[i]
		}
	}
	return fromPixel(pixel.FromImage(img))
}
