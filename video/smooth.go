package video

import (
	"math"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/heads/classify"
)

// Smoothing steadies the classes of a source: probabilities become their mean
// over the last frames, and the class that is reported changes only when the
// frames have made up their mind.
type Smoothing struct {
	// Window is the frames that the mean is taken of. Default 1.
	Window int
	// Enter is the probability that a class needs to become the stable one and
	// Exit that below which it ceases to be. Defaults 0 and Enter. Where two
	// classes are above Exit, the stable one stays.
	Enter, Exit float64
}

// maxWindow bounds the frames that smoothing remembers.
const maxWindow = 10000

// smoother is a Processor.
type smoother struct {
	Smoothing
	ring   [][]float32
	sum    []float64
	seen   int
	stable int // the class, -1 for none
}

// Processor makes the processor of one source. The error wraps ErrConfig.
func (s Smoothing) Processor() (Processor, error) {
	setDefault(&s.Window, 1)
	setDefault(&s.Exit, s.Enter)
	switch {
	case s.Window < 1 || s.Window > maxWindow:
		return nil, errors.Wrapf(ErrConfig, "smoothing over %d frames, want 1 to %d", s.Window, maxWindow)
	case !(s.Exit >= 0 && s.Exit <= s.Enter && s.Enter <= 1):
		return nil, errors.Wrapf(ErrConfig, "smoothing enters at %v and exits at %v, want 0 ≤ exit ≤ enter ≤ 1", s.Enter, s.Exit)
	}
	return &smoother{Smoothing: s, stable: -1}, nil
}

// Process implements Processor. It replaces Probabilities and Classes by those
// of the means, and sets Stable.
func (s *smoother) Process(r *Result) error {
	if len(r.Probabilities) == 0 {
		return errors.Wrap(ErrConfig, "smoothing needs a model that classifies")
	}
	if s.sum == nil {
		s.sum = make([]float64, len(r.Probabilities))
		s.ring = make([][]float32, s.Window)
	}
	if len(s.sum) != len(r.Probabilities) {
		return errors.Wrapf(ErrConfig, "%d classes after %d", len(r.Probabilities), len(s.sum))
	}
	at := s.seen % s.Window
	s.seen++
	if at == 0 {
		s.ring[0] = r.Probabilities
		s.recount() // so that rounding does not add up over days
	} else {
		for i, v := range r.Probabilities {
			s.sum[i] += float64(v)
			if old := s.ring[at]; old != nil {
				s.sum[i] -= float64(old[i])
			}
		}
		s.ring[at] = r.Probabilities
	}
	n := min(s.seen, s.Window)
	mean := make([]float32, len(s.sum))
	for i, v := range s.sum {
		mean[i] = float32(v / float64(n))
	}
	r.Probabilities = mean
	top, err := topOf(mean, max(1, len(r.Classes)), r.Labels)
	if err != nil {
		return err
	}
	r.Classes = top
	r.Stable = s.settle(mean, top[0], r.Labels)
	return nil
}

// recount adds the window up anew.
func (s *smoother) recount() {
	clear(s.sum)
	for _, row := range s.ring {
		for i, v := range row {
			s.sum[i] += float64(v)
		}
	}
}

// settle is the hysteresis.
func (s *smoother) settle(mean []float32, best classify.Prediction, labels []string) *classify.Prediction {
	if s.stable >= 0 && float64(mean[s.stable]) < s.Exit {
		s.stable = -1
	}
	// Without thresholds the class is the likeliest.
	free := s.stable < 0 || s.Enter == 0
	if free && float64(best.Probability) >= s.Enter {
		s.stable = best.Class
	}
	if s.stable < 0 {
		return nil
	}
	c := classify.Prediction{Class: s.stable, Probability: mean[s.stable]}
	if s.stable < len(labels) {
		c.Label = labels[s.stable]
	}
	return &c
}

// topOf lists the k largest probabilities, the largest first, equal ones in
// the order of their classes.
func topOf(p []float32, k int, labels []string) ([]classify.Prediction, error) {
	top := make([]classify.Prediction, 0, k+1)
	for i, v := range p {
		if math.IsNaN(float64(v)) {
			return nil, errors.Wrapf(ErrFrame, "the probability of class %d is NaN", i)
		}
		at := len(top)
		for at > 0 && top[at-1].Probability < v {
			at--
		}
		if at == k {
			continue
		}
		c := classify.Prediction{Class: i, Probability: v}
		if i < len(labels) {
			c.Label = labels[i]
		}
		top = append(top, c)
		copy(top[at+1:], top[at:])
		top[at] = c
		top = top[:min(len(top), k)]
	}
	return top, nil
}
