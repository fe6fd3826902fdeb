package ops

import (
	"math"

	"github.com/pkg/errors"
)

// maxPicture bounds the sides of images and boxes that masks and keypoints are
// laid out in.
const maxPicture = 1 << 16

// PasteMask lays a mask that a network found for a box into an image of
// height×width: torchvision's paste_masks_in_image for one box, with its
// padding of one pixel. mask is rank 2, probabilities; so is the result, zero
// outside the box. Errors, for a box that is not finite or sizes out of range,
// wrap ErrShape.
func PasteMask(mask *Tensor, box Box, height, width int) (*Tensor, error) {
	return pasteMask(mask, box, height, width, paddedAxis)
}

// PasteMaskAligned is detectron2's paste_masks_in_image before its threshold:
// the mask's and the image's pixels stand for their centres, and the box is not
// expanded. Otherwise it is as PasteMask.
func PasteMaskAligned(mask *Tensor, box Box, height, width int) (*Tensor, error) {
	return pasteMask(mask, box, height, width, alignedAxis)
}

// pasteMask lays a mask out with the samples that axis finds along each side.
func pasteMask(mask *Tensor, box Box, height, width int, axis func(from, to float32, mask, extent int) []pasteSample) (*Tensor, error) {
	if err := want("paste mask: the mask", mask, 2); err != nil {
		return nil, err
	}
	if height < 1 || width < 1 || height > maxPicture || width > maxPicture {
		return nil, errors.Wrapf(ErrShape, "paste mask: image of %dx%d, want sides of 1 to %d", height, width, maxPicture)
	}
	for _, v := range [4]float32{box.X1, box.Y1, box.X2, box.Y2} {
		if !(v > -maxRoICoordinate && v < maxRoICoordinate) {
			return nil, errors.Wrapf(ErrShape, "paste mask: box %+v, want finite coordinates below %d", box, maxRoICoordinate)
		}
	}
	out, err := New(height, width)
	if err != nil {
		return nil, err
	}
	ys := axis(box.Y1, box.Y2, mask.shape[0], height)
	xs := axis(box.X1, box.X2, mask.shape[1], width)
	m := mask.shape[1]
	for _, y := range ys {
		above, below := maskRow(mask.data, y.low, m), maskRow(mask.data, y.high, m)
		row := out.data[y.at*width : (y.at+1)*width]
		for _, x := range xs {
			top := (1-x.part)*at(above, x.low) + x.part*at(above, x.high)
			bottom := (1-x.part)*at(below, x.low) + x.part*at(below, x.high)
			row[x.at] = (1-y.part)*top + y.part*bottom
		}
	}
	return out, nil
}

// pasteSample is where an image's row or column lies in the mask: between low
// and high. -1 and the mask's size are the padding.
type pasteSample struct {
	at, low, high int
	part          float32
}

// paddedAxis expands a box for the padding, cuts it to whole pixels and gives
// the samples of those that lie in the image.
func paddedAxis(from, to float32, mask, extent int) []pasteSample {
	padded := mask + 2
	scale := float32(float64(padded) / float64(mask))
	half, centre := (to-from)*0.5*scale, (to+from)*0.5
	start, end := int(centre-half), int(centre+half)
	size := max(end-start+1, 1)
	step := float32(padded) / float32(size)
	var list []pasteSample
	for p := max(start, 0); p < min(end+1, extent); p++ {
		source := max(step*(float32(p-start)+0.5)-0.5, 0)
		low := min(int(source), padded-1)
		list = append(list, pasteSample{
			at: p, low: low - 1, high: min(low+1, padded-1) - 1, part: source - float32(low),
		})
	}
	return list
}

// alignedAxis is torch's grid_sample with align_corners=False, zeros outside,
// at the centres of the image's pixels. A pixel around the box belongs to it,
// as on detectron2's CPU. Boxes without extent have no samples.
func alignedAxis(from, to float32, mask, extent int) []pasteSample {
	if !(to > from) {
		return nil
	}
	var list []pasteSample
	first, end := int(math.Floor(float64(from)))-1, int(math.Ceil(float64(to)))+1
	for p := max(first, 0); p < min(end, extent); p++ {
		relative := (float32(p)+0.5-from)/(to-from)*2 - 1
		source := ((relative+1)*float32(mask) - 1) / 2
		low := int(math.Floor(float64(source)))
		if low < -1 || low >= mask {
			continue
		}
		list = append(list, pasteSample{at: p, low: low, high: low + 1, part: source - float32(low)})
	}
	return list
}

// maskRow is a mask's row, nil in the padding.
func maskRow(data []float32, row, width int) []float32 {
	if row < 0 || row*width >= len(data) {
		return nil
	}
	return data[row*width : (row+1)*width]
}

// at is a row's value, zero in the padding.
func at(row []float32, i int) float32 {
	if i < 0 || i >= len(row) {
		return 0
	}
	return row[i]
}
