package main

import (
	"path/filepath"
	"slices"

	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// cocoResult is an entry of COCO's format of results
// (https://cocodataset.org/#format-results), with the file's name besides.
type cocoResult struct {
	ImageID    int        `json:"image_id"`
	File       string     `json:"file_name"`
	CategoryID int        `json:"category_id"`
	Category   string     `json:"category_name,omitempty"`
	Box        [4]float32 `json:"bbox"` // x, y, width, height
	Score      float32    `json:"score"`
	// Segmentation is the mask at the image's size.
	Segmentation *ops.RLE `json:"segmentation,omitempty"`
	// Keypoints are x, y and 1 for each.
	Keypoints []float32 `json:"keypoints,omitempty"`
}

func cocoResults(image int, path string, found []detect.Detection) ([]cocoResult, error) {
	list := make([]cocoResult, 0, len(found))
	for _, f := range found {
		r := cocoResult{
			ImageID: image, File: filepath.Base(path), CategoryID: category(f), Category: f.Name, Score: f.Score,
			Box: [4]float32{f.Box.X1, f.Box.Y1, f.Box.Width(), f.Box.Height()},
		}
		if f.Mask != nil {
			pasted, err := f.Mask.Paste()
			if err != nil {
				return nil, err
			}
			rle, err := ops.EncodeRLE(pasted, 0.5)
			if err != nil {
				return nil, err
			}
			r.Segmentation = &rle
		}
		for _, p := range f.Keypoints {
			r.Keypoints = append(r.Keypoints, p.X, p.Y, 1)
		}
		list = append(list, r)
	}
	return list, nil
}

// category is COCO's number of a class. detectron2's detectors count without
// gaps, so the name decides where COCO has it.
func category(f detect.Detection) int {
	if i := slices.Index(weights.Labels("coco91"), f.Name); f.Name != "" && i > 0 {
		return i
	}
	return f.Label
}
