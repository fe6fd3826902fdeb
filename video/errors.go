package video

import (
	"fmt"
	"log/slog"

	"github.com/pkg/errors"
)

// The sentinels that errors of this package wrap.
var (
	// ErrConfig: a pipeline, source or sink was described wrongly.
	ErrConfig = errors.New("invalid video configuration")
	// ErrSource: a source cannot be opened or read.
	ErrSource = errors.New("video source")
	// ErrSink: a sink cannot be opened or written.
	ErrSink = errors.New("video sink")
	// ErrFrame: a frame is damaged, has no pixels or the wrong size.
	ErrFrame = errors.New("invalid frame")
	// ErrStall: a live source gave no frame, or the same picture, for longer than
	// its timeout.
	ErrStall = errors.New("the stream stalled")
	// ErrBackend: what was asked for needs a backend, such as OpenCV, that the
	// program was built without.
	ErrBackend = errors.New("no such video backend")
)

// named checks a path. The error wraps the sentinel.
func named(path string, sentinel error) error {
	if path == "" {
		return errors.Wrap(sentinel, "the path is empty")
	}
	return nil
}

// logged is an error in a log: its text, one line. A slog.TextHandler would print
// the stack traces that the error carries.
func logged(err error) slog.Attr { return slog.String("error", err.Error()) }

// StageError says which stage of a pipeline an error comes from: "source
// door", "preprocess door", "model", "post-process", "annotate" or "sink
// out.jsonl".
type StageError struct {
	Stage string
	Err   error
}

// Error implements error.
func (e *StageError) Error() string { return fmt.Sprintf("%s: %v", e.Stage, e.Err) }

// Unwrap gives the error itself.
func (e *StageError) Unwrap() error { return e.Err }

// stageError names the stage of an error, unless it has one.
func stageError(stage string, err error) error {
	var have *StageError
	if err == nil || errors.As(err, &have) {
		return err
	}
	return &StageError{stage, err}
}

// guard calls f and turns a panic, of a caller's model or sink, into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Errorf("panic: %v", p)
		}
	}()
	return f()
}
