package bmp

import (
	"io"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// byteReader is what run lengths are read from.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// Codes after a run of length 0. Others are the lengths of pixels stored as
// they are.
const (
	endOfLine   = 0
	endOfBitmap = 1
	skip        = 2
)

// canvas sets pixels one after another, in the order in which they are stored.
type canvas struct {
	*header
	m    *pixel.RGB
	next int
}

func (c *canvas) size() int { return c.width * c.height }

// put sets a pixel; past the last, nothing.
func (c *canvas) put(index byte) {
	if c.next >= c.size() {
		return
	}
	x := c.next % c.width
	copy(c.m.Row(c.line(c.next / c.width))[3*x:3*x+3], c.palette[index][:])
	c.next++
}

// fill sets n pixels to colour 0.
func (c *canvas) fill(n int) {
	for range min(n, c.size()-c.next) {
		c.put(0)
	}
}

// decodeRuns decodes run lengths. What they leave out has colour 0.
func (h *header) decodeRuns(m *pixel.RGB, r byteReader) error {
	c := &canvas{header: h, m: m}
	column := 0 // may be past the row, where next is in another one already
	for c.next < c.size() {
		var pair [2]byte
		if _, err := io.ReadFull(r, pair[:]); err != nil {
			return err
		}
		length, code := int(pair[0]), pair[1]
		switch {
		case length > 0: // as much as the row holds
			length = min(length, max(0, c.width-column))
			for i := range length {
				c.put(h.half(code, i))
			}
			column += length
		case code == endOfLine:
			if rest := c.next % c.width; rest > 0 {
				c.fill(c.width - rest)
			}
			column = 0
		case code == endOfBitmap:
			c.fill(c.size())
		case code == skip:
			if _, err := io.ReadFull(r, pair[:]); err != nil {
				return err
			}
			c.fill(int(pair[0]) + int(pair[1])*c.width)
			column = c.next % c.width
		default:
			if err := c.copy(r, int(code)); err != nil {
				return err
			}
			column += int(code)
		}
	}
	return nil
}

// copy sets n pixels that are stored as they are, in whole words of 16 bits.
func (c *canvas) copy(r byteReader, n int) error {
	var stored [256]byte
	size := n
	if c.storage == runs4 {
		size = (n + 1) / 2
	}
	if _, err := io.ReadFull(r, stored[:size]); err != nil {
		return err
	}
	for i := range n {
		if c.storage == runs4 {
			c.put(c.half(stored[i/2], i))
		} else {
			c.put(stored[i])
		}
	}
	if size%2 == 1 && c.next < c.size() {
		_, err := r.ReadByte()
		return err
	}
	return nil
}

// half is pixel i of a byte that holds two in turns, or one.
func (h *header) half(b byte, i int) byte {
	if h.storage == runs8 {
		return b
	}
	if i%2 == 0 {
		return b >> 4
	}
	return b & 15
}
