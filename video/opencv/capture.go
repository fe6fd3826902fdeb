//go:build cgo

package opencv

import (
	"context"
	"image"
	"io"
	"math"
	"net/url"
	"os"
	"time"

	"github.com/pkg/errors"
	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/video"
	"github.com/vertebra-vision/vertebra/video/internal/container"
)

// File opens a video file. Its frame count is what the header claims; reading
// goes on to the last frame that can be decoded. Pictures are upright, as the
// file says, and have the times that it gives them. Where their size changes,
// which OpenCV does not follow, reading ends with an error before that.
func File(path string) video.Opener {
	return func(context.Context) (video.Source, error) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, errors.Wrap(video.ErrSource, err.Error())
		}
		if info.IsDir() {
			return nil, errors.Wrapf(video.ErrSource, "%s is a folder", path)
		}
		c := &capture{open: func() (*gocv.VideoCapture, error) { return gocv.VideoCaptureFile(path) }, path: path}
		if err := c.begin(false); err != nil {
			return nil, errors.WithMessagef(err, "%s: not a video that OpenCV can read", path)
		}
		return c, nil
	}
}

// URL opens an RTSP or HTTP stream. One that says how many frames it has is a
// file on a server, not live.
func URL(address string) video.Opener {
	return func(context.Context) (video.Source, error) {
		u, err := url.Parse(address)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return nil, errors.Wrap(video.ErrConfig, "not a URL such as rtsp://camera/stream")
		}
		c := &capture{open: func() (*gocv.VideoCapture, error) { return gocv.VideoCaptureFile(address) }}
		if c.begin(true) != nil {
			return nil, errors.Wrapf(video.ErrSource, "%s cannot be opened", u.Redacted()) // OpenCV's message has the password
		}
		return c, nil
	}
}

// GStreamer opens a pipeline in GStreamer's language that ends in appsink. It
// needs an OpenCV that was built with GStreamer.
func GStreamer(pipeline string) video.Opener {
	return func(context.Context) (video.Source, error) {
		c := &capture{open: func() (*gocv.VideoCapture, error) {
			return gocv.OpenVideoCaptureWithAPI(pipeline, gocv.VideoCaptureGstreamer)
		}}
		if err := c.begin(true); err != nil {
			return nil, errors.WithMessage(err, "GStreamer pipeline")
		}
		return c, nil
	}
}

// Camera opens a device by its number; 0 is the first.
func Camera(index int) video.Opener {
	return func(context.Context) (video.Source, error) {
		if index < 0 {
			return nil, errors.Wrapf(video.ErrConfig, "camera %d, want 0 or more", index)
		}
		c := &capture{open: func() (*gocv.VideoCapture, error) { return gocv.VideoCaptureDevice(index) }}
		if err := c.begin(true); err != nil {
			return nil, errors.WithMessagef(err, "camera %d", index)
		}
		return c, nil
	}
}

// capture is a video.Source over a VideoCapture.
type capture struct {
	open func() (*gocv.VideoCapture, error)
	path string // of a file

	vc    *gocv.VideoCapture
	info  video.Info
	turn  container.Turn
	clock clock
	scout *scout // of a file; nil where there is nothing to look out for
	mats  mats
	next  int64
}

// begin opens the capture and finds out about it.
func (c *capture) begin(live bool) (err error) {
	if c.vc, err = opened(c.open); err != nil {
		return err
	}
	c.clock = clock{begin: time.Now(), last: -1, path: c.path}
	c.turn = turnOf(c.vc, c.clock.inspect()) // first: OpenCV's size depends on whether it turns
	number := func(p gocv.VideoCaptureProperties, most float64) float64 {
		if v := c.vc.Get(p); v > 0 && v <= most { // NaN, negative and absurd values are unknown
			return v
		}
		return 0
	}
	c.info = video.Info{
		Width: int(number(gocv.VideoCaptureFrameWidth, 1<<20)), Height: int(number(gocv.VideoCaptureFrameHeight, 1<<20)),
		FPS: number(gocv.VideoCaptureFPS, 1e5), Frames: int64(number(gocv.VideoCaptureFrameCount, 1<<40)),
	}
	c.info.Live = live && c.info.Frames == 0
	if c.clock.rate > 0 {
		c.info.FPS = c.clock.rate
	}
	if c.path != "" {
		c.scout = newScout(c.path, image.Pt(c.info.Width, c.info.Height))
	}
	if c.turn.Sideways() {
		c.info.Width, c.info.Height = c.info.Height, c.info.Width
	}
	return nil
}

func opened(open func() (*gocv.VideoCapture, error)) (*gocv.VideoCapture, error) {
	vc, err := open()
	if err == nil && !vc.IsOpened() {
		_ = vc.Close()
		err = errors.New("it is not open")
	}
	if err != nil {
		return nil, errors.Wrap(video.ErrSource, err.Error())
	}
	return vc, nil
}

// Info implements video.Source.
func (c *capture) Info() video.Info { return c.info }

// Close implements video.Source.
func (c *capture) Close() error {
	c.mats.close()
	c.scout.close()
	return c.vc.Close()
}

// Read implements video.Source. The context cannot interrupt OpenCV.
func (c *capture) Read(ctx context.Context) (*video.Frame, error) {
	if err := c.ahead(ctx); err != nil {
		return nil, err
	}
	m := c.mats.get()
	if !c.vc.Read(m) || m.Empty() {
		c.mats.put(m)
		return nil, io.EOF
	}
	m = c.upright(m)
	f, err := c.frame(m)
	if err != nil {
		c.mats.put(m)
		return nil, err
	}
	f.Index, f.PTS = c.passed()
	f.Rate, f.Captured = c.info.FPS, time.Now()
	return f, nil
}

// ahead reports a context that has ended and a size that is about to change.
func (c *capture) ahead(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.scout.reach(ctx, c.next)
}

// frame wraps a Mat's own memory.
func (c *capture) frame(m *gocv.Mat) (*video.Frame, error) {
	switch m.Type() {
	case gocv.MatTypeCV8UC3:
	case gocv.MatTypeCV8UC1:
		gocv.CvtColor(*m, m, gocv.ColorGrayToBGR)
	case gocv.MatTypeCV8UC4:
		gocv.CvtColor(*m, m, gocv.ColorBGRAToBGR)
	default:
		return nil, errors.Wrapf(video.ErrFrame, "OpenCV gives pixels of type %d, want 8 bits and 1, 3 or 4 channels", m.Type())
	}
	pix, err := m.DataPtrUint8()
	if err != nil {
		return nil, errors.Wrap(video.ErrFrame, err.Error())
	}
	return video.NewFrame(m.Cols(), m.Rows(), m.Step(), video.BGR, pix, func() { c.mats.put(m) })
}

// Skip implements video.Skipper: what is passed over is not converted.
func (c *capture) Skip(ctx context.Context) (int64, time.Duration, error) {
	if err := c.ahead(ctx); err != nil {
		return 0, 0, err
	}
	before := c.vc.Get(gocv.VideoCapturePosFrames)
	c.vc.Grab(1)
	if !c.info.Live && c.vc.Get(gocv.VideoCapturePosFrames) == before {
		return 0, 0, io.EOF
	}
	index, pts := c.passed()
	return index, pts, nil
}

// passed is the number and time of the frame just read.
func (c *capture) passed() (int64, time.Duration) {
	index := c.next
	c.next++
	return index, c.clock.frame(c.vc, index, c.info)
}

// Seek implements video.Seeker. It trusts OpenCV only as far as the time of
// the frame before the wanted one bears it out, and begins at the start of the
// file otherwise; video.Select passes over what is before the wanted time. Of
// frames at a variable rate OpenCV does not know the numbers.
func (c *capture) Seek(ctx context.Context, to time.Duration) error {
	if c.info.Live || c.info.FPS == 0 {
		return nil
	}
	frame := 1e3 / c.info.FPS // milliseconds
	want := math.Ceil(float64(to)/float64(time.Millisecond)/frame - 1e-3)
	if want < 2 || c.clock.rate > 0 && c.next == 0 {
		return ctx.Err()
	}
	if c.clock.rate == 0 {
		c.vc.Set(gocv.VideoCapturePosFrames, want-1)
		c.vc.Grab(1)
		if math.Abs(c.vc.Get(gocv.VideoCapturePosMsec)-(want-1)*frame) < frame/4 && c.vc.Get(gocv.VideoCapturePosFrames) == want {
			c.next = int64(want)
			return ctx.Err()
		}
	}
	vc, err := opened(c.open)
	if err != nil {
		return err
	}
	_ = c.vc.Close()
	c.vc, c.next, c.clock.last = vc, 0, -1
	turnOf(vc, nil) // OpenCV turns nothing in this one either
	return ctx.Err()
}
