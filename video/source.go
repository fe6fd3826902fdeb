package video

import (
	"context"
	"time"
)

// Source gives frames one after the other. It is used by one goroutine.
type Source interface {
	// Read returns the next frame, or io.EOF after the last. It returns soon
	// after the context has ended, with its error, where it can: calls into C
	// cannot.
	Read(ctx context.Context) (*Frame, error)
	// Info describes the source.
	Info() Info
	// Close ends the source. Frames that it gave stay valid until they are
	// closed.
	Close() error
}

// Info describes a source.
type Info struct {
	// Width and Height are the picture's, 0 where they are unknown or vary.
	Width, Height int
	// FPS is the nominal frames per second; 0 if it is unknown.
	FPS float64
	// Frames is how many there are, as far as the source knows: headers lie. 0
	// if it is unknown.
	Frames int64
	// Live tells a camera or stream, which goes on whether or not anybody
	// reads, from a file.
	Live bool
}

// Opener opens a source, again after a stream was cut or a file is to be
// repeated.
type Opener func(ctx context.Context) (Source, error)

// Seeker is a Source that can begin in its middle.
type Seeker interface {
	// Seek makes the next frame the first one at or after the given time.
	Seek(ctx context.Context, to time.Duration) error
}

// Skipper is a Source that can pass over a frame with less work than Read.
type Skipper interface {
	// Skip passes over one frame and returns its number and time.
	Skip(ctx context.Context) (index int64, pts time.Duration, err error)
}
