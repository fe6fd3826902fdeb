package main

import (
	"path/filepath"

	"github.com/vertebra-vision/vertebra/heads/detect"
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
	// Keypoints are x, y and 1 for each.
	Keypoints []float32 `json:"keypoints,omitempty"`
}

func cocoResults(image int, path string, found []detect.Detection) []cocoResult {
	list := make([]cocoResult, 0, len(found))
	for _, f := range found {
		r := cocoResult{
			ImageID: image, File: filepath.Base(path), CategoryID: f.Label, Category: f.Name, Score: f.Score,
			Box: [4]float32{f.Box.X1, f.Box.Y1, f.Box.Width(), f.Box.Height()},
		}
		for _, p := range f.Keypoints {
			r.Keypoints = append(r.Keypoints, p.X, p.Y, 1)
		}
		list = append(list, r)
	}
	return list
}
