package video

import (
	"context"
	"sync/atomic"

	"github.com/pkg/errors"
)

// Backend decodes and encodes video, which this package cannot by itself.
// Package video/opencv registers one when it is imported and cgo is on.
type Backend struct {
	// File opens a video file, which is never dropped from; URL an RTSP or
	// HTTP stream; GStreamer a pipeline in its language; Camera a device by
	// its number.
	File, URL, GStreamer func(string) Opener
	Camera               func(index int) Opener
	// Writer makes a sink that writes a video file, Window one on the screen.
	Writer func(path string, o WriterOptions) Output
	Window func(title string) Output
}

// WriterOptions say how a video file is written.
type WriterOptions struct {
	// Codec is a code of four letters that the file, by its extension, can
	// have. Default: mp4v; VP80 in .webm, and in .avi MJPG, which takes nearly
	// three times the time of mp4v and can be played after a crash.
	Codec string
	// FPS defaults to the source's rate, or 25 where that is unknown, at which each
	// frame is shown at its time: pictures are repeated where the source's rate
	// varies or frames are missing. With a rate given each frame is written once.
	FPS float64
}

var registered atomic.Pointer[Backend]

// Register makes a backend the one to use.
func Register(b Backend) { registered.Store(&b) }

const noBackend = `video files, cameras and RTSP need OpenCV: import _ "github.com/vertebra-vision/vertebra/video/opencv" and build with cgo`

func openerOf(choose func(*Backend) Opener) Opener {
	if b := registered.Load(); b != nil {
		return choose(b)
	}
	return func(context.Context) (Source, error) { return nil, errors.Wrap(ErrBackend, noBackend) }
}

func outputOf(name string, choose func(*Backend) Output) Output {
	if b := registered.Load(); b != nil {
		return choose(b)
	}
	return Output{Name: name, Open: func(context.Context) (Sink, error) { return nil, errors.Wrap(ErrBackend, noBackend) }}
}

// namedOpener is openerOf for what has a path or an address.
func namedOpener(path string, choose func(*Backend) Opener) Opener {
	if err := named(path, ErrSource); err != nil {
		return func(context.Context) (Source, error) { return nil, err }
	}
	return openerOf(choose)
}

// File opens a video file through the backend. Without one the error wraps
// ErrBackend.
func File(path string) Opener {
	return namedOpener(path, func(b *Backend) Opener { return b.File(path) })
}

// URL opens an RTSP or HTTP stream through the backend; MJPEG needs none.
func URL(address string) Opener {
	return namedOpener(address, func(b *Backend) Opener { return b.URL(address) })
}

// GStreamer opens a pipeline in GStreamer's language, which ends in appsink,
// through the backend.
func GStreamer(pipeline string) Opener {
	return openerOf(func(b *Backend) Opener { return b.GStreamer(pipeline) })
}

// Camera opens a device through the backend; 0 is the first.
func Camera(index int) Opener { return openerOf(func(b *Backend) Opener { return b.Camera(index) }) }

// VideoFile is a sink that writes the frames, annotated where the pipeline
// annotates, to a video file through the backend. A file is of one source;
// {source} in the path stands for its name and gives each a file.
func VideoFile(path string, o WriterOptions) Output {
	if err := named(path, ErrSink); err != nil {
		return Output{Open: func(context.Context) (Sink, error) { return nil, err }}
	}
	return outputOf(path, func(b *Backend) Output { return b.Writer(path, o) })
}

// Window is a sink that shows the frames on the screen through the backend.
func Window(title string) Output {
	return outputOf("window", func(b *Backend) Output { return b.Window(title) })
}
