package video

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// PixelFormat is how rawvideo lays out a pixel, by ffmpeg's names.
type PixelFormat string

// The formats that Raw reads.
const (
	RGB24 PixelFormat = "rgb24"
	BGR24 PixelFormat = "bgr24"
	Gray8 PixelFormat = "gray"
)

// RawOptions describe frames without a header.
type RawOptions struct {
	Width, Height int
	// Format defaults to RGB24.
	Format PixelFormat
	// FPS gives the frames times. Default 25.
	FPS float64
}

// rawSource reads frames of one layout from a stream.
type rawSource struct {
	in     *reader
	memory pixels
	info   Info
	next   int64
	decode func(ctx context.Context, s *rawSource) (*Frame, error)
}

// Raw opens ffmpeg's rawvideo as a source: frames one after the other, as
// "ffmpeg -i … -f rawvideo -pix_fmt rgb24 -" writes them. A stream that ends
// inside a frame is an error that wraps io.ErrUnexpectedEOF. If r is an
// io.Closer, it is closed. A source of a reader can be opened once.
func Raw(r io.Reader, o RawOptions) Opener {
	once := onlyOnce()
	return func(context.Context) (Source, error) {
		setDefault(&o.Format, RGB24)
		setDefault(&o.FPS, defaultRate)
		if o.Format != RGB24 && o.Format != BGR24 && o.Format != Gray8 {
			return nil, errors.Wrapf(ErrConfig, "pixel format %q, want %s, %s or %s", o.Format, RGB24, BGR24, Gray8)
		}
		if o.Width <= 0 || o.Height <= 0 || o.Width > transform.MaxPixels/o.Height {
			return nil, errors.Wrapf(ErrConfig, "raw frames of %dx%d pixels", o.Width, o.Height)
		}
		if !(o.FPS > 0 && o.FPS <= maxRate) {
			return nil, errors.Wrapf(ErrConfig, "%v frames per second", o.FPS)
		}
		if err := once(); err != nil {
			return nil, err
		}
		s := &rawSource{in: newReader(r), info: Info{Width: o.Width, Height: o.Height, FPS: o.FPS}}
		s.decode = func(ctx context.Context, s *rawSource) (*Frame, error) { return s.rawFrame(ctx, o.Format) }
		return s, nil
	}
}

// onlyOnce guards what cannot be opened again.
func onlyOnce() func() error {
	used := false
	return func() error {
		if used {
			return errors.Wrap(ErrSource, "a stream can be read only once: it cannot loop or reconnect")
		}
		used = true
		return nil
	}
}

// rawFrame reads one frame.
func (s *rawSource) rawFrame(ctx context.Context, format PixelFormat) (*Frame, error) {
	order := RGB
	if format == BGR24 {
		order = BGR
	}
	f, err := s.memory.frame(s.info.Width, s.info.Height, order)
	if err != nil {
		return nil, err
	}
	pix := f.Pix
	if format == Gray8 {
		pix = f.Pix[2*len(f.Pix)/3:]
	}
	if err := s.in.full(ctx, pix); err != nil {
		f.Close()
		return nil, err
	}
	if format == Gray8 { // spread from the last third on; each is read before it is written over
		for i, v := range pix {
			f.Pix[3*i], f.Pix[3*i+1], f.Pix[3*i+2] = v, v, v
		}
	}
	return f, nil
}

// Info implements Source.
func (s *rawSource) Info() Info { return s.info }

// Close implements Source.
func (s *rawSource) Close() error { return s.in.Close() }

// Read implements Source.
func (s *rawSource) Read(ctx context.Context) (*Frame, error) {
	f, err := s.decode(ctx, s)
	if err != nil {
		return nil, err
	}
	f.Index, f.PTS = s.next, timeOf(s.next, s.info.FPS)
	f.Rate, f.Captured = s.info.FPS, time.Now()
	s.next++
	return f, nil
}

// reader reads a stream so that a context can end it: a goroutine reads ahead.
type reader struct {
	blocks chan block
	free   chan []byte
	done   chan struct{}
	closer io.Closer
	now    []byte // what is left of the present block
	whole  []byte // the block itself
	err    error
	once   sync.Once
}

type block struct {
	data []byte
	err  error
}

const (
	blockSize  = 256 << 10
	readBlocks = 4
)

func newReader(r io.Reader) *reader {
	x := &reader{blocks: make(chan block, readBlocks), free: make(chan []byte, readBlocks), done: make(chan struct{})}
	x.closer, _ = r.(io.Closer)
	for range readBlocks {
		x.free <- make([]byte, blockSize)
	}
	go x.pump(r)
	return x
}

// pump reads until an error, or until the reader is closed and its call of
// Read returns.
func (x *reader) pump(r io.Reader) {
	for {
		select {
		case buf := <-x.free:
			n, err := r.Read(buf)
			select {
			case x.blocks <- block{buf[:n], err}:
			case <-x.done:
				return
			}
			if err != nil {
				return
			}
		case <-x.done:
			return
		}
	}
}

// more waits for data.
func (x *reader) more(ctx context.Context) error {
	for len(x.now) == 0 {
		if x.err != nil {
			return x.err
		}
		if x.whole != nil {
			x.free <- x.whole[:blockSize]
			x.whole = nil
		}
		select {
		case b := <-x.blocks:
			x.now, x.whole, x.err = b.data, b.data[:0:cap(b.data)], b.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// full fills p; io.EOF only before its first byte.
func (x *reader) full(ctx context.Context, p []byte) error {
	for n := 0; n < len(p); {
		if err := x.more(ctx); err != nil {
			if errors.Is(err, io.EOF) && n > 0 {
				return errors.Wrapf(ErrSource, "the stream ends inside a frame (%v)", io.ErrUnexpectedEOF)
			}
			return err
		}
		k := copy(p[n:], x.now)
		n += k
		x.now = x.now[k:]
	}
	return nil
}

// line reads up to a newline, which it leaves out.
func (x *reader) line(ctx context.Context, most int) (string, error) {
	var text []byte
	for {
		if err := x.more(ctx); err != nil {
			if errors.Is(err, io.EOF) && len(text) > 0 {
				return "", errors.Wrap(ErrSource, "the stream ends inside a header")
			}
			return "", err
		}
		c := x.now[0]
		x.now = x.now[1:]
		if c == '\n' {
			return string(text), nil
		}
		if text = append(text, c); len(text) > most {
			return "", errors.Wrapf(ErrSource, "a header of more than %d bytes", most)
		}
	}
}

// Close ends the reader.
func (x *reader) Close() (err error) {
	x.once.Do(func() {
		close(x.done)
		if x.closer != nil {
			err = x.closer.Close()
		}
	})
	return err
}
