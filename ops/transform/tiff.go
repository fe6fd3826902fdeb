package transform

import (
	"bytes"

	"github.com/pkg/errors"
	"golang.org/x/image/tiff"

	"github.com/vertebra-vision/vertebra/internal/imagefile"
	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// decodeTIFF decodes the first page of a TIFF.
func decodeTIFF(data []byte) (*RGB, error) {
	if err := imagefile.CheckTIFF(data); err != nil {
		return nil, unsupported(err)
	}
	img, err := tiff.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return pixel.FromImage(img)
}

// unsupported adds what to do about a kind of TIFF that is not decoded.
func unsupported(reason error) error {
	return errors.Errorf("%v, which is not decoded here: convert it to PNG", reason)
}
