//go:build cgo

package opencv

import (
	"context"
	"io"
	"math"
	"net/url"
	"os"
	"time"

	"github.com/pkg/errors"
	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/video"
)

// File opens a video file. Its frame count is what the header claims; reading
// goes on to the last frame that can be decoded.
func File(path string) video.Opener {
	return func(context.Context) (video.Source, error) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, errors.Wrap(video.ErrSource, err.Error())
		}
		if info.IsDir() {
			return nil, errors.Wrapf(video.ErrSource, "%s is a folder", path)
		}
		open := func() (*gocv.VideoCapture, error) { return gocv.VideoCaptureFile(path) }
		c, err := newCapture(open, false)
		return c, errors.WithMessagef(err, "%s: not a video that OpenCV can read", path)
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
		open := func() (*gocv.VideoCapture, error) { return gocv.VideoCaptureFile(address) }
		c, err := newCapture(open, true)
		if err != nil {
			return nil, errors.Wrapf(video.ErrSource, "%s cannot be opened", u.Redacted()) // OpenCV's message has the password
		}
		return c, nil
	}
}

// GStreamer opens a pipeline in GStreamer's language that ends in appsink. It
// needs an OpenCV that was built with GStreamer.
func GStreamer(pipeline string) video.Opener {
	return func(context.Context) (video.Source, error) {
		open := func() (*gocv.VideoCapture, error) {
			return gocv.OpenVideoCaptureWithAPI(pipeline, gocv.VideoCaptureGstreamer)
		}
		c, err := newCapture(open, true)
		return c, errors.WithMessage(err, "GStreamer pipeline")
	}
}

// Camera opens a device by its number; 0 is the first.
func Camera(index int) video.Opener {
	return func(context.Context) (video.Source, error) {
		if index < 0 {
			return nil, errors.Wrapf(video.ErrConfig, "camera %d, want 0 or more", index)
		}
		open := func() (*gocv.VideoCapture, error) { return gocv.VideoCaptureDevice(index) }
		c, err := newCapture(open, true)
		return c, errors.WithMessagef(err, "camera %d", index)
	}
}

// capture is a video.Source over a VideoCapture.
type capture struct {
	open  func() (*gocv.VideoCapture, error)
	vc    *gocv.VideoCapture
	info  video.Info
	mats  *mats
	begin time.Time
	next  int64
	last  time.Duration
}

func newCapture(open func() (*gocv.VideoCapture, error), live bool) (video.Source, error) {
	vc, err := opened(open)
	if err != nil {
		return nil, err
	}
	c := &capture{open: open, vc: vc, mats: &mats{}, begin: time.Now(), last: -1}
	number := func(p gocv.VideoCaptureProperties, most float64) float64 {
		if v := vc.Get(p); v > 0 && v <= most { // NaN, negative and absurd values are unknown
			return v
		}
		return 0
	}
	c.info = video.Info{
		Width: int(number(gocv.VideoCaptureFrameWidth, 1<<20)), Height: int(number(gocv.VideoCaptureFrameHeight, 1<<20)),
		FPS: number(gocv.VideoCaptureFPS, 1e5), Frames: int64(number(gocv.VideoCaptureFrameCount, 1<<40)),
	}
	c.info.Live = live && c.info.Frames == 0
	return c, nil
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
	return c.vc.Close()
}

// Read implements video.Source. The context cannot interrupt OpenCV.
func (c *capture) Read(ctx context.Context) (*video.Frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := c.mats.get()
	if !c.vc.Read(m) || m.Empty() {
		c.mats.put(m)
		return nil, io.EOF
	}
	f, err := c.frame(m)
	if err != nil {
		c.mats.put(m)
		return nil, err
	}
	f.Index, f.PTS = c.passed()
	f.Rate, f.Captured = c.info.FPS, time.Now()
	return f, nil
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
	if err := ctx.Err(); err != nil {
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

// passed is the number and time of the frame just read. Where the container
// has no times, or they do not rise, they follow from the rate.
func (c *capture) passed() (int64, time.Duration) {
	index := c.next
	c.next++
	if c.info.Live {
		return index, time.Since(c.begin)
	}
	pts := time.Duration(c.vc.Get(gocv.VideoCapturePosMsec) * float64(time.Millisecond))
	if pts <= c.last || pts < 0 {
		rate := c.info.FPS
		if rate == 0 {
			rate = 25
		}
		if pts = time.Duration(float64(index) / rate * float64(time.Second)); pts <= c.last {
			pts = c.last + time.Duration(float64(time.Second)/rate)
		}
	}
	c.last = pts
	return index, pts
}

// Seek implements video.Seeker. It trusts OpenCV only as far as the time of
// the frame before the wanted one bears it out, and begins at the start of the
// file otherwise; video.Select passes over what is before the wanted time.
func (c *capture) Seek(ctx context.Context, to time.Duration) error {
	if c.info.Live || c.info.FPS == 0 {
		return nil
	}
	frame := 1e3 / c.info.FPS // milliseconds
	want := math.Ceil(float64(to)/float64(time.Millisecond)/frame - 1e-3)
	if want < 2 {
		return ctx.Err()
	}
	c.vc.Set(gocv.VideoCapturePosFrames, want-1)
	c.vc.Grab(1)
	if math.Abs(c.vc.Get(gocv.VideoCapturePosMsec)-(want-1)*frame) < frame/4 && c.vc.Get(gocv.VideoCapturePosFrames) == want {
		c.next = int64(want)
		return ctx.Err()
	}
	vc, err := opened(c.open)
	if err != nil {
		return err
	}
	_ = c.vc.Close()
	c.vc, c.next, c.last = vc, 0, -1
	return ctx.Err()
}
