package video

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// maxHeader bounds the lines of a YUV4MPEG2 stream.
const maxHeader = 4096

// Y4M opens a YUV4MPEG2 stream as a source, as "ffmpeg -i … -f yuv4mpegpipe -"
// writes it: 8 bits a sample, 4:2:0, 4:2:2, 4:4:4 or grey. Colours are
// BT.601's, of limited range unless the header says XCOLORRANGE=FULL; chroma
// is repeated, not interpolated. If r is an io.Closer, it is closed. A source
// of a reader can be opened once. Errors wrap ErrSource.
func Y4M(r io.Reader) Opener {
	once := onlyOnce()
	return func(ctx context.Context) (Source, error) {
		if err := once(); err != nil {
			return nil, err
		}
		in := newReader(r)
		s, err := openY4M(ctx, in)
		if err != nil {
			_ = in.Close()
			return nil, err
		}
		return s, nil
	}
}

// y4m is a stream's header.
type y4m struct {
	width, height int
	fps           float64
	divX, divY    int // chroma's subsampling; 0 is grey
	full          bool
}

func openY4M(ctx context.Context, in *reader) (Source, error) {
	line, err := in.line(ctx, maxHeader)
	if errors.Is(err, io.EOF) {
		return nil, errors.Wrap(ErrSource, "the stream is empty")
	}
	if err != nil {
		return nil, err
	}
	h, err := parseY4M(line)
	if err != nil {
		return nil, err
	}
	s := &rawSource{in: in, info: Info{Width: h.width, Height: h.height, FPS: h.fps}}
	var planes []uint8
	s.decode = func(ctx context.Context, s *rawSource) (*Frame, error) {
		line, err := in.line(ctx, maxHeader)
		if err != nil {
			return nil, err
		}
		if err := frameLine(line); err != nil {
			return nil, err
		}
		if planes == nil { // not before a frame begins: the header may lie
			planes = make([]uint8, h.size())
		}
		return h.frame(ctx, s, planes)
	}
	return s, nil
}

func frameLine(line string) error {
	if line != "FRAME" && !strings.HasPrefix(line, "FRAME ") {
		return errors.Wrapf(ErrSource, "expected FRAME, found %.20q: the stream is damaged", line)
	}
	return nil
}

// parseY4M reads the first line.
func parseY4M(line string) (*y4m, error) {
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0] != "YUV4MPEG2" {
		return nil, errors.Wrapf(ErrSource, "expected a YUV4MPEG2 stream, found %.20q", line)
	}
	h := &y4m{fps: defaultRate, divX: 2, divY: 2}
	for _, field := range fields[1:] {
		var err error
		switch value := field[1:]; field[0] {
		case 'W':
			h.width, err = strconv.Atoi(value)
		case 'H':
			h.height, err = strconv.Atoi(value)
		case 'F':
			h.rate(value)
		case 'C':
			err = h.chroma(value)
		case 'X':
			h.full = h.full || value == "COLORRANGE=FULL"
		case 'I':
			if value != "p" && value != "?" {
				err = errors.Errorf("interlaced frames (%s) are not supported", field)
			}
		}
		if err != nil {
			return nil, errors.Wrapf(ErrSource, "YUV4MPEG2 header: %v", err)
		}
	}
	if h.width <= 0 || h.height <= 0 || h.width > transform.MaxPixels/h.height {
		return nil, errors.Wrapf(ErrSource, "YUV4MPEG2 header: %dx%d pixels", h.width, h.height)
	}
	return h, nil
}

// rate reads a ratio; 0:0 is unknown.
func (h *y4m) rate(value string) {
	a, b, _ := strings.Cut(value, ":")
	n, err1 := strconv.ParseFloat(a, 64)
	d, err2 := strconv.ParseFloat(b, 64)
	if fps := n / d; err1 == nil && err2 == nil && fps > 0 && fps <= maxRate {
		h.fps = fps
	}
}

func (h *y4m) chroma(value string) error {
	switch value {
	case "420", "420jpeg", "420mpeg2", "420paldv":
		h.divX, h.divY = 2, 2
	case "422":
		h.divX, h.divY = 2, 1
	case "444":
		h.divX, h.divY = 1, 1
	case "mono":
		h.divX, h.divY = 0, 0
	default:
		return errors.Errorf("chroma %q, want 420, 422, 444 or mono of 8 bits", value)
	}
	return nil
}

// chromaSize is the extents of one of the two chroma planes.
func (h *y4m) chromaSize() (w, height int) {
	if h.divX == 0 {
		return 0, 0
	}
	return (h.width + h.divX - 1) / h.divX, (h.height + h.divY - 1) / h.divY
}

func (h *y4m) size() int {
	w, height := h.chromaSize()
	return h.width*h.height + 2*w*height
}

// frame reads the planes and converts them.
func (h *y4m) frame(ctx context.Context, s *rawSource, planes []uint8) (*Frame, error) {
	if err := s.in.full(ctx, planes); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.Wrap(ErrSource, "the stream ends inside a frame")
		}
		return nil, err
	}
	f, err := s.memory.frame(h.width, h.height, RGB)
	if err != nil {
		return nil, err
	}
	cw, ch := h.chromaSize()
	luma, u, v := planes[:h.width*h.height], planes[h.width*h.height:][:cw*ch], planes[h.width*h.height+cw*ch:]
	convert := limitedRange
	if h.full {
		convert = fullRange
	}
	for y := range h.height {
		in, out := luma[y*h.width:][:h.width], f.Row(y)
		for x, l := range in {
			cb, cr := uint8(128), uint8(128)
			if h.divX != 0 {
				i := y/h.divY*cw + x/h.divX
				cb, cr = u[i], v[i]
			}
			out[3*x], out[3*x+1], out[3*x+2] = convert(int32(l), int32(cb), int32(cr))
		}
	}
	return f, nil
}

// limitedRange is BT.601 with luma 16 to 235 and chroma 16 to 240, in 16-bit
// fixed point.
func limitedRange(y, cb, cr int32) (r, g, b uint8) {
	l := 76309*(y-16) + 1<<15 // 255/219
	cb, cr = cb-128, cr-128
	return byteOf(l + 104597*cr), byteOf(l - 25675*cb - 53279*cr), byteOf(l + 132201*cb)
}

// fullRange is JPEG's.
func fullRange(y, cb, cr int32) (r, g, b uint8) {
	l := y<<16 + 1<<15
	cb, cr = cb-128, cr-128
	return byteOf(l + 91881*cr), byteOf(l - 22554*cb - 46802*cr), byteOf(l + 116130*cb)
}

func byteOf(v int32) uint8 { return uint8(min(max(v>>16, 0), 255)) }
