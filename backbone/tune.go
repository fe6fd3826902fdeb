package backbone

import (
	"context"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
)

// ErrTuning is wrapped by errors about a file of [WithTuning] that holds
// something else.
var ErrTuning = engine.ErrTuning

// Measurement is what [Network.Tune] found for one kind of convolution.
type Measurement struct {
	// Done counts the convolutions measured, this one included, of Total.
	Done, Total int
	// Node is a convolution of the kind, Convolution describes the kind.
	Node, Convolution string
	// Algorithm is the choice, Model the one that would have been made without
	// measuring.
	Algorithm, Model string
	// Times are each algorithm's least, by its name.
	Times map[string]time.Duration
}

// WithTuning keeps in a file what [Network.Tune] measures. Choices that the file
// has for this processor count from the start; other processors' stay in it.
// The file need not exist, its folder must. A file that is something else is an
// error that wraps [ErrTuning].
func WithTuning(file string) Option {
	return func(s *settings) (err error) {
		s.run.Tuning, err = engine.OpenTuning(file)
		return errors.WithMessage(err, "WithTuning")
	}
}

// TuneOptions say what to measure.
type TuneOptions struct {
	// Input is the shape that the network will see, N×C×H×W.
	Input []int
	// Nodes are what Run will be asked for; none for Forward's result.
	Nodes []string
	// Report is called after each kind of convolution, on the goroutine that
	// called Tune. It may be nil.
	Report func(Measurement)
}

// Tune measures on this machine which algorithm computes each convolution
// fastest, where a model of costs would choose otherwise: direct convolution,
// Winograd's in four sizes, Strassen's. It takes seconds, in which nothing else
// should run, and measures nothing that it, or the file of [WithTuning], knows
// already. Later runs use the choices, as do networks that extend this one.
// Results change by rounding only.
//
// The context ends it early: what was measured by then counts and is kept.
// Choices are of a picture's size, and count for any number of pictures and threads,
// so that results do not depend on these: call Tune with those that matter most.
// With [WithoutWinograd] there is nothing to choose.
func (n *Network) Tune(ctx context.Context, o TuneOptions) error {
	nodes, err := n.wanted(o.Nodes)
	if err != nil {
		return err
	}
	report := func(m engine.Measurement) {
		if o.Report != nil {
			o.Report(Measurement(m))
		}
	}
	return errors.WithMessage(n.model.Tune(ctx, slices.Clone(o.Input), nodes, report), n.config.Name)
}
