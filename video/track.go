package video

import (
	"image"
	"sort"

	"github.com/pkg/errors"
)

// Tracking gives detections ids that stay with an object from frame to frame:
// each track takes the detection of its class that overlaps its last box most,
// as the IoU tracker of Bochinski et al. (2017) does.
type Tracking struct {
	// MinIoU is the least overlap, intersection over union. Default 0.3.
	MinIoU float64
	// MaxAge is the frames that an object may be out of sight. Default 5.
	MaxAge int
}

const (
	defaultMinIoU = 0.3
	defaultMaxAge = 5
	maxAge        = 1 << 20
)

type track struct {
	id    int64
	label int
	box   [4]float32
	age   int // frames since it was seen
}

// tracker is a Processor.
type tracker struct {
	Tracking
	tracks []track
	last   int64
	size   image.Point // of the frames
}

// Processor makes the processor of one source. The error wraps ErrConfig.
func (t Tracking) Processor() (Processor, error) {
	setDefault(&t.MinIoU, defaultMinIoU)
	setDefault(&t.MaxAge, defaultMaxAge)
	if !(t.MinIoU > 0 && t.MinIoU <= 1) || t.MaxAge < 0 || t.MaxAge > maxAge {
		return nil, errors.Wrapf(ErrConfig, "tracking with an overlap of %v and an age of %d frames, want 0 to 1 and 0 to %d", t.MinIoU, t.MaxAge, maxAge)
	}
	return &tracker{Tracking: t}, nil
}

// Process implements Processor. It sets TrackID. Tracks end where the frames change
// their size, which leaves no box comparable.
func (t *tracker) Process(r *Result) error {
	if f := r.Frame; f != nil && f.Bounds().Size() != t.size {
		t.tracks, t.size = nil, f.Bounds().Size()
	}
	type pair struct {
		track, detection int
		iou              float64
	}
	var pairs []pair
	for i, k := range t.tracks {
		for j, d := range r.Detections {
			if iou := IoU(k.box, d.Box); k.label == d.Label && iou >= t.MinIoU {
				pairs = append(pairs, pair{i, j, iou})
			}
		}
	}
	sort.SliceStable(pairs, func(a, b int) bool { return pairs[a].iou > pairs[b].iou })
	seen := make([]bool, len(t.tracks))
	given := make([]bool, len(r.Detections))
	for _, p := range pairs {
		if seen[p.track] || given[p.detection] {
			continue
		}
		seen[p.track], given[p.detection] = true, true
		k, d := &t.tracks[p.track], &r.Detections[p.detection]
		k.box, k.age, d.TrackID = d.Box, 0, k.id
	}
	kept := t.tracks[:0]
	for i, k := range t.tracks {
		if !seen[i] {
			k.age++
		}
		if k.age <= t.MaxAge {
			kept = append(kept, k)
		}
	}
	t.tracks = kept
	for j := range r.Detections {
		if d := &r.Detections[j]; !given[j] {
			t.last++
			d.TrackID = t.last
			t.tracks = append(t.tracks, track{id: t.last, label: d.Label, box: d.Box})
		}
	}
	return nil
}

// IoU is the intersection over union of two boxes x1, y1, x2, y2; 0 for boxes
// without an area or with NaN.
func IoU(a, b [4]float32) float64 {
	area := func(x1, y1, x2, y2 float64) float64 { return max(0, x2-x1) * max(0, y2-y1) }
	f := func(v float32) float64 { return float64(v) }
	inter := area(max(f(a[0]), f(b[0])), max(f(a[1]), f(b[1])), min(f(a[2]), f(b[2])), min(f(a[3]), f(b[3])))
	union := area(f(a[0]), f(a[1]), f(a[2]), f(a[3])) + area(f(b[0]), f(b[1]), f(b[2]), f(b[3])) - inter
	if !(inter > 0 && union > 0) {
		return 0
	}
	return inter / union
}
