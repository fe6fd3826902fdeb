package video

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/pkg/errors"
)

// Config describes a pipeline. Inputs and Model are required.
type Config struct {
	Inputs []Input
	Model  Model
	Batch  Batching
	// Post makes the processors that work on the results of one source:
	// smoothing, tracking. It is called once for each source; nil makes none.
	Post func(source string) []Processor
	// Annotate draws the results into the frames, before the sinks get them;
	// nil draws nothing.
	Annotate *Style
	Outputs  []Output
	// Queue is how many frames, batches or results may wait before each stage
	// after the sources. Default 4.
	Queue int
	// Log takes reconnections and, every LogEvery, a line of figures. Default:
	// none.
	Log      *slog.Logger
	LogEvery time.Duration
	// Progress is where a progress bar is drawn, if it is a terminal.
	Progress io.Writer
}

func (c *Config) validate() error {
	if len(c.Inputs) == 0 {
		return errors.Wrap(ErrConfig, "a pipeline needs a source")
	}
	if c.Model == nil {
		return errors.Wrap(ErrConfig, "a pipeline needs a model")
	}
	c.Inputs = slices.Clone(c.Inputs)
	names := map[string]bool{}
	for i := range c.Inputs {
		in := &c.Inputs[i]
		setDefault(&in.Name, fmt.Sprintf("source%d", i))
		if names[in.Name] {
			return errors.Wrapf(ErrConfig, "two sources are called %q", in.Name)
		}
		names[in.Name] = true
		if err := in.validate(); err != nil {
			return err
		}
	}
	c.Outputs = slices.Clone(c.Outputs)
	for i := range c.Outputs {
		o := &c.Outputs[i]
		setDefault(&o.Name, fmt.Sprintf("sink%d", i))
		if o.Open == nil {
			return errors.Wrapf(ErrConfig, "sink %s: no Open", o.Name)
		}
		for _, name := range o.Sources {
			if !names[name] {
				return errors.Wrapf(ErrConfig, "sink %s: there is no source %q", o.Name, name)
			}
		}
	}
	setDefault(&c.Batch.Size, 1)
	setDefault(&c.Queue, defaultQueue)
	switch {
	case c.Batch.Size < 0 || c.Batch.Size > maxBatch:
		return errors.Wrapf(ErrConfig, "batches of %d frames, want 1 to %d", c.Batch.Size, maxBatch)
	case c.Batch.Wait < 0:
		return errors.Wrapf(ErrConfig, "a batch that waits %v, want 0 or more", c.Batch.Wait)
	case c.Queue < 0 || c.Queue > maxQueue:
		return errors.Wrapf(ErrConfig, "queues of %d, want 1 to %d", c.Queue, maxQueue)
	case c.LogEvery < 0:
		return errors.Wrapf(ErrConfig, "a log line every %v, want 0 or more", c.LogEvery)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
