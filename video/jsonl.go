package video

import (
	"bufio"
	"context"
	_ "embed" // the schema
	"encoding/json"
	"io"
	"math"
	"os"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/heads/classify"
)

// JSONLSchema is the JSON Schema of a line that the sink JSONL writes.
//
//go:embed jsonl.schema.json
var JSONLSchema []byte

// Record is a line of the sink JSONL: a frame and what was found in it.
type Record struct {
	// Source, Index and PTS are the frame's; PTS is in seconds.
	Source string  `json:"source"`
	Index  int64   `json:"index"`
	PTS    float64 `json:"pts"`
	// Time is when the frame was read.
	Time time.Time `json:"time"`
	// Width and Height are the frame's, in pixels. Origin is where it begins
	// in the source's picture, with a region of interest.
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Origin *[2]int `json:"origin,omitempty"`

	Classes      []classify.Prediction `json:"classes,omitempty"`
	Stable       *classify.Prediction  `json:"stable,omitempty"`
	Detections   []RecordDetection     `json:"detections,omitempty"`
	Segmentation []RecordArea          `json:"segmentation,omitempty"`
	// Features are the shapes of the feature maps by name.
	Features map[string][]int `json:"features,omitempty"`
}

// RecordDetection is an object: its box x1, y1, x2, y2 in pixels of the frame.
type RecordDetection struct {
	Box       [4]float32       `json:"box"`
	Label     int              `json:"label"`
	Name      string           `json:"name,omitempty"`
	Score     float32          `json:"score"`
	Track     int64            `json:"track,omitempty"`
	Mask      *RecordMask      `json:"mask,omitempty"`
	Keypoints []RecordKeypoint `json:"keypoints,omitempty"`
}

// RecordMask is a mask by the lengths of its runs, row by row, of pixels
// outside and inside in turn, beginning with outside.
type RecordMask struct {
	X      int   `json:"x"`
	Y      int   `json:"y"`
	Width  int   `json:"width"`
	Height int   `json:"height"`
	Runs   []int `json:"runs"`
}

// RecordKeypoint is a part of an object.
type RecordKeypoint struct {
	X     float32 `json:"x"`
	Y     float32 `json:"y"`
	Score float32 `json:"score"`
	Name  string  `json:"name,omitempty"`
}

// RecordArea is the share of the frame, 0 to 1, that a class of a segmentation
// covers.
type RecordArea struct {
	Label int     `json:"label"`
	Name  string  `json:"name,omitempty"`
	Share float64 `json:"share"`
}

// Record is the result as a line of JSON has it.
func (r *Result) Record() Record {
	rec := Record{Source: r.Source, Index: r.Index, PTS: r.PTS.Seconds(), Classes: r.Classes, Stable: r.Stable}
	if f := r.Frame; f != nil {
		rec.Time, rec.Width, rec.Height = f.Captured.UTC(), f.Width, f.Height
		if f.Origin.X != 0 || f.Origin.Y != 0 {
			rec.Origin = &[2]int{f.Origin.X, f.Origin.Y}
		}
	}
	for _, d := range r.Detections {
		x := RecordDetection{Box: d.Box, Label: d.Label, Name: d.Name, Score: d.Score, Track: d.TrackID, Mask: d.Mask.record()}
		for _, k := range d.Keypoints {
			x.Keypoints = append(x.Keypoints, RecordKeypoint(k))
		}
		rec.Detections = append(rec.Detections, x)
	}
	rec.Segmentation = r.Segmentation.areas()
	for _, f := range r.Features {
		if rec.Features == nil {
			rec.Features = map[string][]int{}
		}
		rec.Features[f.Name] = f.Tensor.Shape()
	}
	return rec
}

func (m *Mask) record() *RecordMask {
	if m == nil {
		return nil
	}
	out := &RecordMask{X: m.X, Y: m.Y, Width: m.Width, Height: m.Height, Runs: []int{}}
	inside, run := false, 0
	for _, in := range m.Bits {
		if in != inside {
			out.Runs = append(out.Runs, run)
			inside, run = in, 0
		}
		run++
	}
	if run > 0 {
		out.Runs = append(out.Runs, run)
	}
	return out
}

func (s *Segmentation) areas() []RecordArea {
	if s == nil || len(s.Labels) == 0 {
		return nil
	}
	var counts [256]int
	for _, label := range s.Labels {
		counts[label]++
	}
	var list []RecordArea
	for label, n := range counts {
		if n == 0 {
			continue
		}
		a := RecordArea{Label: label, Share: float64(n) / float64(len(s.Labels))}
		if label < len(s.Names) {
			a.Name = s.Names[label]
		}
		list = append(list, a)
	}
	return list
}

// JSONL is a sink that writes a line of JSON for each frame, a Record, to a
// file that it makes or empties. What is written reaches the file within a
// second. Errors wrap ErrSink.
func JSONL(path string) Output {
	return Output{Name: path, Open: func(context.Context) (Sink, error) {
		if err := named(path, ErrSink); err != nil {
			return nil, err
		}
		f, err := os.Create(path)
		if err != nil {
			return nil, errors.Wrap(ErrSink, err.Error())
		}
		return newJSONL(f, f), nil
	}}
}

// JSONLWriter is JSONL to a writer, which it does not close.
func JSONLWriter(w io.Writer) Output {
	return Output{Name: "jsonl", Open: func(context.Context) (Sink, error) {
		if w == nil {
			return nil, errors.Wrap(ErrConfig, "the writer is nil")
		}
		return newJSONL(w, nil), nil
	}}
}

type jsonlSink struct {
	w       *bufio.Writer
	closer  io.Closer
	flushed time.Time
}

func newJSONL(w io.Writer, c io.Closer) *jsonlSink {
	return &jsonlSink{w: bufio.NewWriterSize(w, 64<<10), closer: c, flushed: time.Now()}
}

// Write implements Sink.
func (s *jsonlSink) Write(_ context.Context, r *Result) error {
	rec := r.Record()
	for i := range rec.Detections {
		if err := rec.Detections[i].check(); err != nil {
			return err
		}
	}
	line, err := json.Marshal(rec)
	if err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	if _, err := s.w.Write(append(line, '\n')); err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	if now := time.Now(); now.Sub(s.flushed) > time.Second/2 {
		s.flushed = now
		if err := s.w.Flush(); err != nil {
			return errors.Wrap(ErrSink, err.Error())
		}
	}
	return nil
}

// check finds what JSON cannot say.
func (d *RecordDetection) check() error {
	for _, v := range append(d.Box[:], d.Score) {
		if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return errors.Wrapf(ErrSink, "a detection %v with the score %v: JSON has no such numbers", d.Box, d.Score)
		}
	}
	return nil
}

// Close implements Sink.
func (s *jsonlSink) Close() error {
	err := s.w.Flush()
	if s.closer != nil {
		if e := s.closer.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	return nil
}
