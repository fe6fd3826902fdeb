package video

import (
	"context"
	"fmt"
	"time"
)

// BadPicture is the error of a picture that the sources Images and Sequence
// cannot read. It wraps ErrSource and the cause.
type BadPicture struct {
	Path string
	// Index and PTS are those of the frame that it would have been.
	Index int64
	PTS   time.Duration
	Err   error
}

// Error implements error.
func (b *BadPicture) Error() string { return fmt.Sprintf("%v: %v", b.Err, ErrSource) }

// Unwrap gives ErrSource and the cause.
func (b *BadPicture) Unwrap() []error { return []error{ErrSource, b.Err} }

// PassOver lets the sources Images and Sequence go on past bad pictures, each of
// which bad is told of by the goroutine that reads: false ends the source with
// the error. The frames after it keep their numbers and times. Other sources
// are as they were.
func PassOver(open Opener, bad func(*BadPicture) bool) Opener {
	return func(ctx context.Context) (Source, error) {
		s, err := open(ctx)
		if pictures, ok := s.(*imageSource); ok {
			pictures.passOver = bad
		}
		return s, err
	}
}
