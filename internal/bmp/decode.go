package bmp

import (
	"bufio"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"math"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

func init() { image.RegisterFormat("bmp", "BM????\x00\x00\x00\x00", Decode, DecodeConfig) }

// DecodeConfig reads the size.
func DecodeConfig(r io.Reader) (image.Config, error) {
	h, err := readHeader(r)
	if err != nil {
		return image.Config{}, errors.WithMessage(err, "bmp")
	}
	return image.Config{ColorModel: color.RGBAModel, Width: h.width, Height: h.height}, nil
}

// Decode decodes a bitmap to a *pixel.RGB. Alpha is dropped.
func Decode(r io.Reader) (image.Image, error) {
	held, known := r.(interface{ Len() int })
	room := int64(math.MaxInt64)
	if known {
		room = int64(held.Len())
	}
	buffered := bufio.NewReaderSize(r, 1<<16)
	h, err := readHeader(buffered)
	if err != nil {
		return nil, errors.WithMessage(err, "bmp")
	}
	if h.least() > room {
		return nil, errors.Errorf("bmp: %d bytes cannot hold %dx%d pixels", room, h.width, h.height)
	}
	m := pixel.NewRGB(h.width, h.height)
	if h.storage == runs8 || h.storage == runs4 {
		err = h.decodeRuns(m, buffered)
	} else {
		err = h.decodeRows(m, buffered)
	}
	if err != nil {
		return nil, errors.Wrap(noEOF(err), "bmp: the pixels")
	}
	return m, nil
}

// least is the fewest bytes that the pixels can take.
func (h *header) least() int64 {
	if h.storage == runs8 || h.storage == runs4 {
		return 0
	}
	return h.stride() * int64(h.height)
}

// stride is the bytes of a row: whole words of 32 bits.
func (h *header) stride() int64 { return (int64(h.width)*int64(h.depth) + 31) / 32 * 4 }

// decodeRows decodes pixels that are stored row by row.
func (h *header) decodeRows(m *pixel.RGB, r io.Reader) error {
	stored := make([]byte, h.stride())
	for y := range h.height {
		if _, err := io.ReadFull(r, stored); err != nil {
			return err
		}
		h.row(m.Row(h.line(y)), stored)
	}
	return nil
}

// line is the row of the picture that is stored as number y.
func (h *header) line(y int) int {
	if h.topDown {
		return y
	}
	return h.height - 1 - y
}

func (h *header) row(dst, src []byte) {
	for x := range h.width {
		d := dst[3*x : 3*x+3 : 3*x+3]
		switch h.depth {
		case 16:
			h.unmask(d, uint32(binary.LittleEndian.Uint16(src[2*x:])))
		case 24:
			d[0], d[1], d[2] = src[3*x+2], src[3*x+1], src[3*x]
		case 32:
			h.unmask(d, binary.LittleEndian.Uint32(src[4*x:]))
		default:
			bit := x * h.depth
			index := src[bit/8] >> (8 - h.depth - bit%8) & (1<<h.depth - 1)
			copy(d, h.palette[index][:])
		}
	}
}

// unmask takes a pixel's colours and spreads them to 0…255, rounding down as
// Pillow does.
func (h *header) unmask(dst []byte, v uint32) {
	for c, m := range h.masks {
		dst[c] = uint8(uint64(v>>m.shift&m.top) * 255 / uint64(m.top))
	}
}
