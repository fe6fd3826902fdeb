package video

import (
	"time"

	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops"
)

// Result is what a pipeline found in one frame. Boxes, masks and keypoints are
// in pixels of the frame; with a region of interest, Frame.Origin is where it
// begins in the source's picture.
type Result struct {
	// Frame is valid until the sink's Write, the callback or the iterator's
	// loop body returns; Frame.Clone keeps it.
	Frame *Frame
	// Source, Index and PTS are the frame's.
	Source string
	Index  int64
	PTS    time.Duration

	// Classes are the likeliest classes, the likeliest first.
	Classes []classify.Prediction
	// Probabilities are those of all classes, for smoothing.
	Probabilities []float32
	// Labels names the classes, in the order of Probabilities.
	Labels []string
	// Stable is the class that smoothing settled on; nil without smoothing,
	// and where no class is likely enough.
	Stable *classify.Prediction
	// Detections are the objects found, the surest first.
	Detections []Detection
	// Segmentation is a class for each pixel.
	Segmentation *Segmentation
	// Features are feature maps by name, 1×C×H×W or 1×N.
	Features []Feature
}

// Detection is an object.
type Detection struct {
	// Box is x1, y1, x2, y2 in pixels.
	Box [4]float32
	// Label is the class's number and Name its name.
	Label int
	Name  string
	// Score is 0 to 1.
	Score float32
	// TrackID is the same for the same object from frame to frame, from 1; 0
	// without a tracker.
	TrackID int64
	// Mask is the object's outline, nil for none.
	Mask *Mask
	// Keypoints are the object's parts, empty for none.
	Keypoints []Keypoint
}

// Mask is a rectangle of pixels that belong to an object or do not.
type Mask struct {
	// X and Y are the rectangle's top left corner in the frame.
	X, Y int
	// Width and Height are its extents.
	Width, Height int
	// Bits has Width·Height values, row by row.
	Bits []bool
}

// Keypoint is a part of an object, in pixels of the frame.
type Keypoint struct {
	X, Y  float32
	Score float32
	Name  string
}

// Segmentation is a class for each pixel of the frame.
type Segmentation struct {
	Width, Height int
	// Labels has Width·Height class numbers, row by row; 0 is the background.
	Labels []uint8
	// Names are the classes' names; it may be empty.
	Names []string
}

// Feature is a feature map with its name.
type Feature struct {
	Name   string
	Tensor *ops.Tensor
}

// resultOf begins a frame's result.
func resultOf(f *Frame) *Result {
	return &Result{Frame: f, Source: f.Source, Index: f.Index, PTS: f.PTS}
}
