//go:build cgo

package opencv

import (
	"context"
	"os"
	"runtime"

	"github.com/pkg/errors"
	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/video"
)

// Window is a sink that shows frames on the screen. Where there is no display
// it cannot be opened; the error wraps video.ErrSink.
func Window(title string) video.Output {
	return video.Output{Name: "window", Open: func(context.Context) (video.Sink, error) {
		if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return nil, errors.Wrap(video.ErrSink, "there is no display (DISPLAY is not set)")
		}
		w := &window{calls: make(chan func()), ended: make(chan struct{})}
		go w.loop(title)
		return w, nil
	}}
}

// window makes all its calls on one thread of the system, as toolkits want it.
type window struct {
	calls  chan func()
	ended  chan struct{}
	win    *gocv.Window
	canvas canvas
}

func (w *window) loop(title string) {
	runtime.LockOSThread()
	defer close(w.ended)
	w.win = gocv.NewWindow(title)
	for call := range w.calls {
		call()
	}
	w.canvas.close()
	_ = w.win.Close()
}

// Write implements video.Sink.
func (w *window) Write(_ context.Context, r *video.Result) error {
	failed := make(chan error, 1)
	w.calls <- func() {
		err := w.canvas.fill(r.Frame)
		if err == nil {
			w.win.IMShow(w.canvas.mat)
			w.win.WaitKey(1)
		}
		failed <- err
	}
	return <-failed
}

// Close implements video.Sink.
func (w *window) Close() error {
	close(w.calls)
	<-w.ended
	return nil
}
