package detect

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// gains, centred and parameter are the rules of testdata/gen/detection_nets.py.
var gains = []struct {
	end  string
	gain float64
}{
	{"rpn.head.bbox_pred.weight", 0.1},
	{"box_predictor.cls_score.weight", 0.5},
	{"box_predictor.bbox_pred.weight", 0.3},
	{"classification_head.cls_logits.weight", 0.4},
	{"regression_head.bbox_reg.weight", 0.1},
}

var centred = []string{"cls_score.weight", "cls_logits.weight", "bbox_pred.weight", "bbox_reg.weight"}

func parameter(name string, shape []int, last string, dst []float32) {
	if body, ok := strings.CutPrefix(name, "backbone.body."); ok || strings.HasPrefix(name, boxHeadPrefix+stageHead) {
		body = strings.TrimPrefix(body, boxHeadPrefix)
		reftest.FillParam(body, shape, last, dst)
		return
	}
	kind := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case len(shape) >= 2:
		in := 1
		for _, d := range shape[1:] {
			in *= d
		}
		bound := math.Sqrt(6 / float64(in))
		for _, g := range gains {
			if strings.HasSuffix(name, g.end) {
				bound *= g.gain
			}
		}
		reftest.Fill(name, dst, -bound, bound)
		if slices.ContainsFunc(centred, func(end string) bool { return strings.HasSuffix(name, end) }) {
			centre(dst, in)
		}
	case kind == "running_var":
		reftest.Fill(name, dst, 0.5, 1.5)
	case kind == "weight":
		reftest.Fill(name, dst, 0.8, 1.2)
	default:
		reftest.Fill(name, dst, -0.2, 0.2)
	}
}

// centre takes the mean off each row of n values.
func centre(values []float32, n int) {
	for row := values; len(row) > 0; row = row[n:] {
		var sum float64
		for _, v := range row[:n] {
			sum += float64(v)
		}
		for i := range row[:n] {
			row[i] -= float32(sum / float64(n))
		}
	}
}

// filled is the state dict that a detector's fixture was made with.
func filled(t *testing.T, d *Detector, last string) *weights.StateDict {
	t.Helper()
	own, err := d.StateDict()
	require.NoError(t, err)
	sd := weights.New()
	for _, name := range own.Names() {
		p, _ := own.Get(name)
		x, err := ops.New(p.Shape()...)
		require.NoError(t, err)
		parameter(name, p.Shape(), last, x.Data())
		if d.settings.transform.BGR && name == "backbone.body.conv1.weight" { // for pixels up to 255
			for i := range x.Data() {
				x.Data()[i] /= 64
			}
		}
		require.NoError(t, sd.Put(name, x))
	}
	return sd
}

// picture is an image of squares in random colours, with some noise.
func picture(t *testing.T, name string, height, width int) *ops.Tensor {
	t.Helper()
	const block = 9
	rows, columns := (height+block-1)/block, (width+block-1)/block
	squares, noise := make([]float32, 3*rows*columns), make([]float32, 3*height*width)
	reftest.Fill(name, squares, 0, 0.9)
	reftest.Fill(name+"/noise", noise, 0, 0.1)
	x, err := ops.New(3, height, width)
	require.NoError(t, err)
	for i := range x.Data() {
		c, y, column := i/(height*width), i/width%height, i%width
		x.Data()[i] = squares[(c*rows+y/block)*columns+column/block] + noise[i]
	}
	return x
}

// small makes the detector of a fixture.
func small(t *testing.T, kind string) *Detector {
	t.Helper()
	c, last := backbone.ResNet18(), "bn2"
	if strings.HasSuffix(kind, "_detectron2") {
		c, last = backbone.ResNet50V1(), "bn3"
	}
	c.Blocks, c.Width, c.NoClassifier = []int{1, 1, 1, 1}, 8, true
	net, err := backbone.New(c)
	require.NoError(t, err)
	opts := []Option{WithProposals(200, 60), WithBoxFeatures(64), WithNumClasses(7), WithNumKeypoints(5), WithMinMaxSize(96, 144)}
	var d *Detector
	if kind == "fasterrcnn_c4" {
		d, err = NewFasterRCNNC4(net, opts...)
	} else {
		neck, _ := Neck(kind)
		neck.Channels = 96
		pyr, e := fpn.New(net, neck)
		require.NoError(t, e)
		d, err = New(kind, pyr, opts...)
	}
	require.NoError(t, err)
	require.NoError(t, d.Load(filled(t, d, last)))
	return d
}

func TestDetectorsAreTorchvisions(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind, func(t *testing.T) {
			if testing.Short() && kind == "keypointrcnn" {
				t.Skip("a head of 20 million parameters")
			}
			d := small(t, kind)
			images := []*ops.Tensor{picture(t, "image0", 60, 80), picture(t, "image1", 72, 50)}
			var worst comparison
			compareRun(t, d, images, reftest.Testdata("detect", kind+".safetensors"), &worst)
			t.Log(&worst)
		})
	}
}

// comparison is the worst errors of one detector.
type comparison struct {
	raw, box, score, mask, keypoint reftest.Worst
	count                           int
	keypoints, peaks                int // keypoints compared, and those between equal peaks
}

func (c *comparison) String() string {
	return fmt.Sprintf("%d detections; raw outputs: %v; boxes %.1e px, scores %.1e, masks %.1e, keypoints %.1e px, %d of %d between equal peaks",
		c.count, &c.raw, c.box.Ratio, c.score.Ratio, c.mask.Ratio, c.keypoint.Ratio, c.peaks, c.keypoints)
}

// compareRun runs a detector and compares raw outputs and detections with a
// fixture's.
func compareRun(t *testing.T, d *Detector, images []*ops.Tensor, path string, worst *comparison) {
	t.Helper()
	fixture := reftest.ReadFixture(t, path)
	arrays, _ := reftest.ReadArrays(t, path)
	raw, remove := record(t, d, fixture.Names())
	defer remove()
	list, err := d.DetectTensors(context.Background(), images)
	require.NoError(t, err)
	require.Len(t, list, len(images))
	var order []int // of all images' detections
	for i, dets := range list {
		first := len(order)
		for _, k := range compareImage(t, i, dets, arrays, worst) {
			order = append(order, first+k)
		}
	}
	compareRows(t, raw, arrays, worst)
	for name, r := range raw {
		switch {
		case strings.Contains(name, "box_predictor"):
			continue
		case strings.Contains(name, "roi_heads"):
			r.reorder(order)
		}
		worst.raw.Add(name, fixture.Check(t, name, r.shape, r.data))
	}
}

// reorder puts the regions' outputs in another order.
func (r *recorded) reorder(order []int) {
	n := len(r.data) / r.shape[0]
	data := make([]float32, 0, len(r.data))
	for _, i := range order {
		data = append(data, r.data[i*n:(i+1)*n]...)
	}
	r.data = data
}

// compareRows compares what the box head says of each proposal. Proposals whose
// scores differ in their last bits may come in another order.
func compareRows(t *testing.T, raw map[string]*recorded, want map[string]reftest.Array, worst *comparison) {
	t.Helper()
	logits := want["rows/roi_heads.box_predictor.cls_score"]
	if logits.Data == nil {
		return
	}
	deltas := want["rows/roi_heads.box_predictor.bbox_pred"]
	n, classes := logits.Shape[0], logits.Shape[1]
	var gotLogits, gotDeltas []float32
	scores, boxes := raw["raw/roi_heads.box_predictor.cls_score/0"].data, raw["raw/roi_heads.box_predictor.bbox_pred/0"].data
	require.GreaterOrEqual(t, len(scores), n*classes)
	const window = 8
	used := make([]bool, len(scores)/classes)
	for i := range n {
		row := logits.Data[i*classes : (i+1)*classes]
		best, at := math.Inf(1), i
		for k := max(i-window, 0); k < min(i+window, len(used)); k++ {
			var distance float64
			for c, v := range row {
				distance = max(distance, math.Abs(float64(v-scores[k*classes+c])))
			}
			if !used[k] && distance < best {
				best, at = distance, k
			}
		}
		used[at] = true
		gotLogits = append(gotLogits, scores[at*classes:(at+1)*classes]...)
		gotDeltas = append(gotDeltas, boxes[4*at*classes:4*(at+1)*classes]...)
	}
	worst.raw.Add("cls_score", reftest.Close(t, "cls_score", gotLogits, logits.Data, reftest.Tolerance))
	worst.raw.Add("bbox_pred", reftest.Close(t, "bbox_pred", gotDeltas, deltas.Data, reftest.Tolerance))
}

// inOrder brings detections to the fixture's order, where scores differ by no
// more than 1e-5 and the order may be another. It returns their places before.
func inOrder(dets []Detection, scores, labels, boxes []float32) ([]Detection, []int) {
	dets = slices.Clone(dets)
	order := make([]int, len(dets))
	for k := range order {
		order[k] = k
	}
	for k := range dets {
		best, at := math.Inf(1), k
		for j := k; j < len(dets) && scores[k]-dets[j].Score <= 1e-5; j++ {
			distance := math.Abs(float64(dets[j].Box.X1-boxes[4*k])) + math.Abs(float64(dets[j].Box.Y2-boxes[4*k+3]))
			if int(labels[k]) == dets[j].Label && distance < best {
				best, at = distance, j
			}
		}
		dets[k], dets[at] = dets[at], dets[k]
		order[k], order[at] = order[at], order[k]
	}
	return dets, order
}

// near records an error and fails the test where it exceeds 1e-3.
func near(t *testing.T, w *reftest.Worst, what string, want, got float32, scale float64) {
	t.Helper()
	diff := math.Abs(float64(want-got)) / scale
	w.Add(what, diff)
	if !(diff <= 1e-3) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func compareImage(t *testing.T, i int, dets []Detection, want map[string]reftest.Array, worst *comparison) []int {
	t.Helper()
	get := func(field string) reftest.Array { return want[fmt.Sprintf("%d/%s", i, field)] }
	scores, labels, boxes := get("scores").Data, get("labels").Data, get("boxes").Data
	require.Len(t, dets, len(scores))
	require.GreaterOrEqual(t, len(scores), 24, "a fixture of nothing proves nothing")
	worst.count += len(dets)
	dets, order := inOrder(dets, scores, labels, boxes)
	for k, det := range dets {
		at := fmt.Sprintf("image %d, detection %d", i, k)
		assert.Equal(t, int(labels[k]), det.Label, at)
		near(t, &worst.score, at, scores[k], det.Score, 1)
		for c, v := range [4]float32{det.Box.X1, det.Box.Y1, det.Box.X2, det.Box.Y2} {
			near(t, &worst.box, at, boxes[4*k+c], v, 1)
		}
		if points := get("keypoints"); points.Data != nil {
			n := points.Shape[1]
			require.Len(t, det.Keypoints, n)
			worst.compareKeypoints(t, at, det.Keypoints, points.Data[3*k*n:3*(k+1)*n], get("keypoints_scores").Data, k*n)
		}
		if masks := get("masks"); masks.Data != nil && k < masks.Shape[0] {
			m, err := det.Mask.Paste()
			require.NoError(t, err)
			require.Equal(t, masks.Shape[2:], m.Shape())
			for j, v := range m.Data() {
				near(t, &worst.mask, at, masks.Data[k*m.Len()+j], v, 1)
			}
		}
	}
	return order
}

// compareKeypoints compares one object's keypoints, x, y and 1 each, with scores
// from the first on. Where a heatmap has two peaks of one height either may be
// the keypoint; of all that are compared no more than one in 500 may be such.
func (c *comparison) compareKeypoints(t *testing.T, at string, got []ops.Keypoint, want, scores []float32, first int) {
	t.Helper()
	largest := reftest.AbsMax(scores)
	for j, p := range got {
		c.keypoints++
		score, x, y := scores[first+j], want[3*j], want[3*j+1]
		near(t, &c.score, at, score, p.Score, largest)
		far := max(math.Abs(float64(p.X-x)), math.Abs(float64(p.Y-y))) > 1e-3
		if far && math.Abs(float64(score-p.Score)) <= 1e-5*largest && c.peaks*500 < c.keypoints {
			c.peaks++
			continue
		}
		near(t, &c.keypoint, at, x, p.X, 1)
		near(t, &c.keypoint, at, y, p.Y, 1)
	}
}

// recorded is a raw output as torchvision has it.
type recorded struct {
	shape []int
	data  []float32
}

// record hooks the raw outputs of a fixture, "raw/NODE/LEVEL".
func record(t *testing.T, d *Detector, names []string) (raw map[string]*recorded, remove func()) {
	t.Helper()
	out := map[string]*recorded{}
	calls := map[string]int{}
	var hooks []*backbone.Hook
	for _, name := range names {
		part := strings.Split(name, "/")
		if part[0] != "raw" || part[2] != "0" {
			continue
		}
		module := part[1]
		h, err := d.Hook(module, func(_ context.Context, a *backbone.Activation) error {
			key := fmt.Sprintf("raw/%s/%d", module, calls[module])
			if strings.HasPrefix(module, "roi_heads.") {
				key = "raw/" + module + "/0"
			}
			calls[module]++
			if out[key] == nil {
				out[key] = &recorded{}
			}
			out[key].add(module, a.Tensor)
			return nil
		})
		require.NoError(t, err)
		hooks = append(hooks, h)
	}
	return out, func() {
		for _, h := range hooks {
			h.Remove()
		}
	}
}

// add appends an output, in torchvision's layout.
func (r *recorded) add(module string, x *ops.Tensor) {
	switch {
	case strings.Contains(module, "box_predictor"):
		rows, columns := x.Dim(3), x.Dim(1)
		r.shape = []int{rows, columns}
		for i := range rows {
			for c := range columns {
				r.data = append(r.data, x.Data()[c*rows+i])
			}
		}
		r.shape[0] = len(r.data) / columns
	case strings.HasPrefix(module, "roi_heads."):
		r.interleave(x)
	default:
		r.shape, r.data = x.Shape(), slices.Clone(x.Data())
	}
}

// interleave puts the four pixels of a transposed convolution in their places.
func (r *recorded) interleave(x *ops.Tensor) {
	c, h, w := x.Dim(1)/4, x.Dim(2), x.Dim(3)
	data := make([]float32, x.Len())
	for i, v := range x.Data() {
		image, corner, channel := i/(4*c*h*w), i/(c*h*w)%4, i/(h*w)%c
		y, column := i/w%h, i%w
		data[((image*c+channel)*2*h+2*y+corner/2)*2*w+2*column+corner%2] = v
	}
	r.data = append(r.data, data...)
	r.shape = []int{len(r.data) / (4 * c * h * w), c, 2 * h, 2 * w}
}
