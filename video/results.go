package video

import (
	"context"
	"iter"
	"slices"

	"github.com/pkg/errors"
)

// Func is a sink that calls f with each result, which is valid during the
// call.
func Func(f func(ctx context.Context, r *Result) error) Output {
	return Output{Name: "function", Open: func(context.Context) (Sink, error) {
		if f == nil {
			return nil, errors.Wrap(ErrConfig, "the function is nil")
		}
		return funcSink(f), nil
	}}
}

type funcSink func(ctx context.Context, r *Result) error

func (f funcSink) Write(ctx context.Context, r *Result) error { return f(ctx, r) }
func (funcSink) Close() error                                 { return nil }

// Channel is a sink that sends the results, without their frames, and closes
// the channel at the end. A receiver that is slow slows the pipeline.
func Channel(c chan<- *Result) Output {
	return Output{Name: "channel", Open: func(context.Context) (Sink, error) {
		if c == nil {
			return nil, errors.Wrap(ErrConfig, "the channel is nil")
		}
		return channelSink(c), nil
	}}
}

type channelSink chan<- *Result

func (c channelSink) Write(ctx context.Context, r *Result) error {
	own := *r
	own.Frame = nil
	select {
	case c <- &own:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c channelSink) Close() error {
	close(c)
	return nil
}

// Results runs the pipeline and gives its results, beside its sinks. A result
// and its frame are valid until the loop's body ends. The last pair may be an
// error, that of Run; leaving the loop ends the pipeline without one.
func (p *Pipeline) Results(ctx context.Context) iter.Seq2[*Result, error] {
	return func(yield func(*Result, error) bool) {
		if p.begun.Load() {
			yield(nil, p.Run(ctx)) // which says so
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		results, taken := make(chan *Result), make(chan struct{})
		output := Func(func(ctx context.Context, r *Result) error {
			select {
			case results <- r:
				<-taken // the body may still use the frame when the context ends
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		output.Name = "results"
		p.config.Outputs = append(slices.Clip(p.config.Outputs), output)
		done := make(chan error, 1)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			done <- p.Run(ctx)
		}()
		defer func() {
			cancel()
			<-ended
		}()
		give := func(r *Result) bool {
			defer func() { taken <- struct{}{} }() // after a panic of the body too
			return yield(r, nil)
		}
		for {
			select {
			case r := <-results:
				if !give(r) {
					return
				}
			case err := <-done:
				if err != nil {
					yield(nil, err)
				}
				return
			}
		}
	}
}
