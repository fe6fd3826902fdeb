package main

import (
	"context"
	"fmt"
	"image"
	"io"

	"github.com/vertebra-vision/vertebra/configs"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// detectFile writes a detector's findings as torchvision's tensors: boxes N×4,
// labels N, scores N, keypoints N×K×3 with their scores in the place of a 1, and
// masks N×M×M as they lie in the boxes.
func detectFile(ctx context.Context, out io.Writer, model *configs.Built, input, file string) error {
	img, err := transform.Load(input)
	if err != nil {
		return err
	}
	found, err := model.Detector.Detect(ctx, []image.Image{img})
	if err != nil {
		return err
	}
	if len(found[0]) == 0 {
		fmt.Fprintln(out, "nothing was found; no file was written")
		return nil
	}
	var boxes, labels, scores, keypoints, masks []float32
	for _, d := range found[0] {
		boxes = append(boxes, d.Box.X1, d.Box.Y1, d.Box.X2, d.Box.Y2)
		labels, scores = append(labels, float32(d.Label)), append(scores, d.Score)
		for _, p := range d.Keypoints {
			keypoints = append(keypoints, p.X, p.Y, p.Score)
		}
		if d.Mask != nil {
			masks = append(masks, d.Mask.Probabilities.Data()...)
		}
		fmt.Fprintf(out, "%.3f %s %.1f %.1f %.1f %.1f\n", d.Score, d.Name, d.Box.X1, d.Box.Y1, d.Box.X2, d.Box.Y2)
	}
	n := len(found[0])
	side := 0 // of a mask
	if m := found[0][0].Mask; m != nil {
		side = m.Probabilities.Dim(0)
	}
	var named []weights.Named
	for _, t := range []struct {
		name  string
		data  []float32
		shape []int
	}{
		{"boxes", boxes, []int{n, 4}}, {"labels", labels, []int{n}}, {"scores", scores, []int{n}},
		{"keypoints", keypoints, []int{n, len(keypoints) / (3 * n), 3}}, {"masks", masks, []int{n, side, side}},
	} {
		if len(t.data) == 0 {
			continue
		}
		x, err := ops.FromSlice(t.data, t.shape...)
		if err != nil {
			return err
		}
		named = append(named, weights.Named{Name: t.name, Tensor: x})
	}
	if err := weights.SaveSafetensors(file, named, nil); err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote %s\n", file)
	return nil
}
