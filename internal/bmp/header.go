// Package bmp owns the decoding of Windows bitmaps: of palettes and of 16, 24
// and 32 bits, by masks and run lengths, with OS/2's headers too. It registers
// itself with package image as "bmp".
package bmp

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// Sizes of headers. Those of 52 bytes and more hold the masks.
const (
	fileHeader = 14
	coreHeader = 12 // OS/2's
	infoHeader = 40
)

var headerSizes = []uint32{coreHeader, infoHeader, 52, 56, 64, 108, 124}

// Ways to store pixels.
const (
	plain       = 0
	runs8       = 1
	runs4       = 2
	masked      = 3
	maskedAlpha = 6
)

// header is what stands before the pixels.
type header struct {
	width, height int
	topDown       bool
	depth         int // bits of a pixel
	storage       uint32
	masks         [3]mask
	palette       [256][3]uint8
}

// mask is a colour's bits in a pixel.
type mask struct {
	shift int
	top   uint32 // the largest value
}

var (
	masks555 = [3]uint32{0x7c00, 0x3e0, 0x1f}
	masks888 = [3]uint32{0xff0000, 0xff00, 0xff}
)

// readHeader reads all that stands before the pixels.
func readHeader(r io.Reader) (*header, error) {
	var b [fileHeader + 124]byte
	if _, err := io.ReadFull(r, b[:fileHeader+4]); err != nil {
		return nil, errors.Wrap(noEOF(err), "the header")
	}
	size := binary.LittleEndian.Uint32(b[fileHeader:])
	if string(b[:2]) != "BM" || !slices.Contains(headerSizes, size) {
		return nil, errors.Errorf("a header of %d bytes, want one of %d", size, headerSizes)
	}
	info := b[fileHeader:][:size]
	if _, err := io.ReadFull(r, info[4:]); err != nil {
		return nil, errors.Wrap(noEOF(err), "the header")
	}
	h := &header{}
	colours := h.parse(info)
	if err := h.check(); err != nil {
		return nil, err
	}
	at := fileHeader + int64(size)
	start := int64(binary.LittleEndian.Uint32(b[10:]))
	if size == infoHeader && (h.storage == masked || h.storage == maskedAlpha) {
		n := 12
		if h.storage == maskedAlpha {
			n = 16
		}
		if _, err := io.ReadFull(r, b[fileHeader+infoHeader:][:n]); err != nil {
			return nil, errors.Wrap(noEOF(err), "the masks")
		}
		at += int64(n)
	}
	if err := h.setMasks(b[fileHeader+infoHeader:]); err != nil {
		return nil, err
	}
	n, err := h.readPalette(r, colours, size == coreHeader, start-at)
	if err != nil {
		return nil, err
	}
	if gap := start - at - n; gap > 0 {
		if _, err := io.CopyN(io.Discard, r, gap); err != nil {
			return nil, errors.Wrap(noEOF(err), "before the pixels")
		}
	}
	return h, nil
}

// parse reads the header's fields and returns the number of colours in the
// palette, 0 for as many as the depth allows.
func (h *header) parse(info []byte) (colours uint32) {
	if len(info) == coreHeader {
		h.width, h.height = int(binary.LittleEndian.Uint16(info[4:])), int(binary.LittleEndian.Uint16(info[6:]))
		h.depth = int(binary.LittleEndian.Uint16(info[10:]))
		return 0
	}
	h.width, h.height = int(int32(binary.LittleEndian.Uint32(info[4:]))), int(int32(binary.LittleEndian.Uint32(info[8:])))
	if h.height < 0 {
		h.height, h.topDown = -h.height, true
	}
	h.depth = int(binary.LittleEndian.Uint16(info[14:]))
	h.storage = binary.LittleEndian.Uint32(info[16:])
	return binary.LittleEndian.Uint32(info[32:])
}

func (h *header) check() error {
	if err := pixel.CheckSize(h.width, h.height); err != nil {
		return err
	}
	switch depth := h.depth; {
	case h.storage == plain && slices.Contains([]int{1, 2, 4, 8, 16, 24, 32}, depth),
		h.storage == runs8 && depth == 8, h.storage == runs4 && depth == 4,
		(h.storage == masked || h.storage == maskedAlpha) && (depth == 16 || depth == 32):
		return nil
	}
	return errors.Errorf("pixels of %d bits, %s, are not decoded here: convert it to PNG", h.depth, h.storageName())
}

func (h *header) storageName() string {
	names := []string{"plain", "in run lengths of 8 bits", "in run lengths of 4 bits", "under masks", "as JPEG", "as PNG", "under masks with alpha"}
	if int64(h.storage) < int64(len(names)) {
		return names[h.storage]
	}
	return fmt.Sprintf("stored by method %d", h.storage)
}

// setMasks takes the masks, or those that a depth has without.
func (h *header) setMasks(b []byte) error {
	stored := masks888
	switch {
	case h.storage == masked || h.storage == maskedAlpha:
		for i := range stored {
			stored[i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		if stored == [3]uint32{} {
			stored = masks888
		}
	case h.depth == 16:
		stored = masks555
	}
	for i, m := range stored {
		shift := bits.TrailingZeros32(m)
		top := m >> (shift & 31)
		if top == 0 || top&(top+1) != 0 {
			return errors.Errorf("the colours have the bits %#x of a pixel, want a row of bits each", stored)
		}
		h.masks[i] = mask{shift, top}
	}
	return nil
}

// readPalette reads the colours of a palette, of which at most the bytes
// before the pixels are, if the header says where these begin.
func (h *header) readPalette(r io.Reader, colours uint32, core bool, room int64) (read int64, err error) {
	if h.depth > 8 {
		return 0, nil
	}
	if colours == 0 || colours > 256 {
		colours = 1 << h.depth
	}
	step := int64(4)
	if core {
		step = 3
	}
	n := step * int64(colours)
	if room > 0 {
		n = min(n, room/step*step)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return 0, errors.Wrap(noEOF(err), "the palette")
	}
	for i := int64(0); i < n; i += step {
		h.palette[i/step] = [3]uint8{b[i+2], b[i+1], b[i]}
	}
	return n, nil
}

// noEOF: a file that ends early is cut off, not at its end.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
