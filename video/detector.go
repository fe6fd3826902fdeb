package video

import (
	"context"
	"image"
	"math"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/ops"
)

// Detector is a Model that finds objects. It is safe for concurrent use.
type Detector struct{ det *detect.Detector }

// Detect makes a model of a detector.
func Detect(d *detect.Detector) (*Detector, error) {
	if d == nil {
		return nil, errors.Wrap(ErrConfig, "the detector is nil")
	}
	return &Detector{d}, nil
}

// Prepare implements Preparer: resizing and normalising go from the frame's
// bytes straight to the detector's input.
func (d *Detector) Prepare(_ context.Context, f *Frame) (*ops.Tensor, error) {
	return d.det.Prepare(f.bytes())
}

// Run implements Model.
func (d *Detector) Run(ctx context.Context, batch []*Frame) ([]*Result, error) {
	x, err := inputOf(ctx, batch, d)
	if err != nil {
		return nil, err
	}
	sizes := make([]image.Point, len(batch))
	for i, f := range batch {
		sizes[i] = image.Pt(f.Width, f.Height)
	}
	found, err := d.det.DetectPrepared(ctx, x, sizes)
	if err != nil {
		return nil, ofFrame(err, batch)
	}
	results := make([]*Result, len(batch))
	for i, f := range batch {
		results[i] = resultOf(f)
		results[i].Labels = d.det.Labels()
		for _, o := range found[i] {
			x, err := detection(o)
			if err != nil {
				return nil, err
			}
			results[i].Detections = append(results[i].Detections, x)
		}
	}
	return results, nil
}

// detection brings a detector's finding to the pipeline's form.
func detection(o detect.Detection) (Detection, error) {
	d := Detection{Box: [4]float32{o.Box.X1, o.Box.Y1, o.Box.X2, o.Box.Y2}, Label: o.Label, Name: o.Name, Score: o.Score}
	for _, k := range o.Keypoints {
		d.Keypoints = append(d.Keypoints, Keypoint{X: k.X, Y: k.Y, Score: k.Score})
	}
	if o.Mask == nil {
		return d, nil
	}
	whole, err := o.Mask.Paste()
	if err != nil {
		return d, err
	}
	d.Mask = cutMask(whole, o.Box)
	return d, nil
}

// maskThreshold is the probability from which a pixel is the object's.
const maskThreshold = 0.5

// cutMask keeps the part of a mask of the frame's size that its box covers.
func cutMask(whole *ops.Tensor, box ops.Box) *Mask {
	height, width := whole.Dim(0), whole.Dim(1)
	r := image.Rect(floor(box.X1), floor(box.Y1), floor(box.X2)+2, floor(box.Y2)+2).Intersect(image.Rect(0, 0, width, height))
	m := &Mask{X: r.Min.X, Y: r.Min.Y, Width: r.Dx(), Height: r.Dy(), Bits: make([]bool, r.Dx()*r.Dy())}
	for y := range m.Height {
		row := whole.Data()[(m.Y+y)*width+m.X:][:m.Width]
		for x, p := range row {
			m.Bits[y*m.Width+x] = p >= maskThreshold
		}
	}
	return m
}

func floor(v float32) int { return int(math.Floor(float64(v))) }
