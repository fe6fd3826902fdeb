package classify

import (
	"context"
	"math"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
)

// Pooling makes a vector of a map.
type Pooling string

const (
	// GlobalAverage is the mean of each channel, what the classifier reads.
	GlobalAverage Pooling = "average"
	// GeM is the generalised mean, the root of the mean of powers (Radenović et
	// al., "Fine-tuning CNN Image Retrieval", 2017), for image retrieval.
	GeM Pooling = "gem"
)

// Embedder makes vectors of images that lie close where the images are alike.
// It is safe for concurrent use.
type Embedder struct {
	// Network computes the map.
	Network *backbone.Network
	// Level of the map; the coarsest for "".
	Level backbone.Level
	// Pooling is GlobalAverage for "".
	Pooling Pooling
	// Power is GeM's; 3 for 0.
	Power float64
	// Normalise brings every vector to length 1, so that a scalar product is a
	// cosine.
	Normalise bool
}

// Embed makes N×channels vectors of N×C×H×W preprocessed images. NaN or an
// infinity among them is an error that wraps ops.ErrNonFinite and says where.
func (e *Embedder) Embed(ctx context.Context, x *ops.Tensor) (*ops.Tensor, error) {
	if err := checkFinite(e.Network, x); err != nil {
		return nil, err
	}
	level := e.Level
	if level == "" {
		levels := e.Network.Levels()
		level = levels[len(levels)-1]
	}
	maps, err := e.Network.Features(ctx, x, level)
	if err != nil {
		return nil, err
	}
	vectors, err := e.pool(maps[level])
	if err != nil {
		return nil, err
	}
	if e.Normalise {
		normalise(vectors)
	}
	return vectors, nil
}

func (e *Embedder) pool(m *ops.Tensor) (*ops.Tensor, error) {
	n, c, plane := m.Dim(0), m.Dim(1), m.Dim(2)*m.Dim(3)
	out, err := ops.New(n, c)
	if err != nil {
		return nil, err
	}
	power := e.Power
	switch {
	case e.Pooling == "" || e.Pooling == GlobalAverage:
		power = 1
	case e.Pooling != GeM:
		return nil, errors.Wrapf(backbone.ErrConfig, "unknown pooling %q, want %s or %s", e.Pooling, GlobalAverage, GeM)
	case power == 0:
		power = 3
	}
	if !(power > 0) || math.IsInf(power, 0) {
		return nil, errors.Wrapf(backbone.ErrConfig, "power %v, want a positive number", power)
	}
	for i := range out.Data() {
		out.Data()[i] = float32(generalisedMean(m.Data()[i*plane:(i+1)*plane], power))
	}
	return out, nil
}

// generalisedMean clamps values to 1e-6 from below where there is a power, as
// the usual implementations do.
func generalisedMean(x []float32, power float64) float64 {
	var sum float64
	if power == 1 {
		for _, v := range x {
			sum += float64(v)
		}
		return sum / float64(len(x))
	}
	for _, v := range x {
		sum += math.Pow(max(float64(v), 1e-6), power)
	}
	return math.Pow(sum/float64(len(x)), 1/power)
}

// normalise divides each row by its length, torch.nn.functional.normalize's
// 1e-12 at least.
func normalise(rows *ops.Tensor) {
	width := rows.Dim(1)
	for i := range rows.Dim(0) {
		row := rows.Data()[i*width : (i+1)*width]
		var sum float64
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		inverse := float32(1 / max(math.Sqrt(sum), 1e-12))
		for j := range row {
			row[j] *= inverse
		}
	}
}
