package video

import (
	"context"

	"github.com/vertebra-vision/vertebra/ops"
)

// Model computes the results of frames. Its methods may be called from several
// goroutines at the same time.
type Model interface {
	// Run computes a result for each frame of a batch, in their order. It must
	// not keep the frames. A pipeline fills in Frame, Source, Index and PTS.
	Run(ctx context.Context, batch []*Frame) ([]*Result, error)
}

// Preparer is a Model whose preprocessing a pipeline runs as a stage of its
// own, beside the model's run on frames before.
type Preparer interface {
	// Prepare turns pixels into the model's input, 1×C×H×W, which a pipeline
	// puts into the frame's Input. Only frames with inputs of the same shape
	// share a batch.
	Prepare(ctx context.Context, f *Frame) (*ops.Tensor, error)
}

// Processor works on the results of one source, one after the other.
type Processor interface {
	Process(r *Result) error
}

// Sink takes results. Write is called by one goroutine; r and its frame must
// not be changed, and are valid until Write returns.
type Sink interface {
	Write(ctx context.Context, r *Result) error
	// Close completes what was written.
	Close() error
}

// Noter is a Sink that has something to say of what it wrote, in a line that the
// pipeline logs after Close; "" is nothing.
type Noter interface {
	Note() string
}

// Output is a sink of a pipeline.
type Output struct {
	// Name is used in messages: the file's name, for example.
	Name string
	// Open makes the sink, after the sources were found to be there.
	Open func(ctx context.Context) (Sink, error)
	// Sources limits the sink to results of these sources; empty takes all.
	Sources []string
}
