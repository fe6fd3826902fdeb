package ops

import "strings"

// RLE is a binary mask as COCO's tools write it: runs of equal pixels down the
// columns, those outside first, in their compressed text form. COCO's results
// have it as "segmentation".
type RLE struct {
	Size   [2]int `json:"size"` // height, width
	Counts string `json:"counts"`
}

// EncodeRLE is the mask of where a rank-2 tensor is at least threshold. Errors
// wrap ErrShape.
func EncodeRLE(mask *Tensor, threshold float32) (RLE, error) {
	if err := want("rle: the mask", mask, 2); err != nil {
		return RLE{}, err
	}
	h, w := mask.shape[0], mask.shape[1]
	var runs []int
	run, inside := 0, false
	for x := range w {
		for y := range h {
			if (mask.data[y*w+x] >= threshold) != inside {
				runs, run, inside = append(runs, run), 0, !inside
			}
			run++
		}
	}
	return RLE{[2]int{h, w}, compressRuns(append(runs, run))}, nil
}

// compressRuns is maskApi.c's rleToString: from the third on a run is written
// as the difference to the one two before, in groups of five bits, the lowest
// first, a sixth bit saying that more follow, in letters from '0' on.
func compressRuns(runs []int) string {
	var text strings.Builder
	for i, v := range runs {
		if i > 2 {
			v -= runs[i-2]
		}
		for more := true; more; {
			group := v & 0x1f
			v >>= 5
			more = v != 0
			if group&0x10 != 0 {
				more = v != -1
			}
			if more {
				group |= 0x20
			}
			text.WriteByte(byte(group + '0'))
		}
	}
	return text.String()
}
