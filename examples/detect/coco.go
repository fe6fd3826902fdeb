package main

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// cocoResult is an entry of COCO's format of results
// (https://cocodataset.org/#format-results), with the image's path as it was
// given besides. Images count from 0.
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

// cocoFailure stands in the list for an image that failed.
type cocoFailure struct {
	ImageID int    `json:"image_id"`
	File    string `json:"file_name"`
	Error   string `json:"error"`
}

// newResult makes an object's entry. mask is the object's at the image's size,
// nil for none.
func newResult(p *pictures.Picture, f detect.Detection, mask *ops.Tensor) (cocoResult, error) {
	r := cocoResult{
		ImageID: p.Index, File: p.Name, CategoryID: category(f), Category: f.Name, Score: f.Score,
		Box: [4]float32{f.Box.X1, f.Box.Y1, f.Box.Width(), f.Box.Height()},
	}
	if mask != nil {
		rle, err := ops.EncodeRLE(mask, threshold)
		if err != nil {
			return r, err
		}
		r.Segmentation = &rle
	}
	for _, point := range f.Keypoints {
		r.Keypoints = append(r.Keypoints, point.X, point.Y, 1)
	}
	return r, nil
}

// saveJSON writes the entries there are, where they are wanted.
func (s *session) saveJSON() error {
	if s.json == "" {
		return nil
	}
	return weights.SaveFile(s.json, func(w io.Writer) error { return json.NewEncoder(w).Encode(s.entries) })
}

// category is COCO's number of a class. detectron2's detectors count without
// gaps, so the name decides where COCO has it.
func category(f detect.Detection) int {
	if i := slices.Index(weights.Labels("coco91"), f.Name); f.Name != "" && i > 0 {
		return i
	}
	return f.Label
}
