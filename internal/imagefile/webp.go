package imagefile

import (
	"encoding/binary"
	"image"
	"iter"

	"github.com/pkg/errors"
)

// Flags of a VP8X chunk.
const (
	webpAnimated = 1 << 1
	webpXMP      = 1 << 2
	webpEXIF     = 1 << 3
)

// frameHeader is the size of what an ANMF chunk says before the frame's own
// chunks.
const frameHeader = 16

// Frame is the first picture of a WebP.
type Frame struct {
	Canvas image.Point // the size of the whole image
	At     image.Point // where on it the picture lies
	File   []byte      // the picture as a WebP without alpha and metadata
}

// WebPFrame finds the first frame of an animated WebP, or the only picture of
// another. Alpha is left behind: the colours below it are whole without it.
func WebPFrame(data []byte) (Frame, error) {
	var f Frame
	for id, body := range webpChunks(data) {
		switch {
		case id == "VP8X" && len(body) >= 10:
			f.Canvas = image.Pt(1+uint24(body[4:]), 1+uint24(body[7:]))
		case f.Canvas == image.Point{} && (id == "VP8 " || id == "VP8L"):
			f.File = data // the simple file, which ends with its picture
			return f, nil
		case id == "VP8 " || id == "VP8L":
			return f.with(id, body, f.Canvas)
		case id == "ANMF" && f.Canvas != image.Point{}:
			return f.first(body)
		}
	}
	return f, errors.New("there is no picture in it")
}

// first takes the picture out of an ANMF chunk.
func (f Frame) first(body []byte) (Frame, error) {
	if len(body) < frameHeader {
		return f, errors.New("the first frame is cut off")
	}
	f.At = image.Pt(2*uint24(body), 2*uint24(body[3:]))
	size := image.Pt(1+uint24(body[6:]), 1+uint24(body[9:]))
	if r := (image.Rectangle{Max: size}).Add(f.At); !r.In(image.Rectangle{Max: f.Canvas}) {
		return f, errors.Errorf("the first frame covers %v of a canvas of %v", r, f.Canvas)
	}
	for id, body := range chunks(body[frameHeader:]) {
		if id == "VP8 " || id == "VP8L" {
			return f.with(id, body, size)
		}
	}
	return f, errors.New("there is no picture in the first frame")
}

// with makes a file of a picture's chunk. The size that it states before keeps
// the decoder from pictures of another one.
func (f Frame) with(id string, body []byte, size image.Point) (Frame, error) {
	padded := len(body) + len(body)%2
	total := 4 + 8 + 10 + 8 + padded
	file := append(make([]byte, 0, 8+total), "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"...)
	binary.LittleEndian.PutUint32(file[4:], uint32(total))
	file = appendUint24(appendUint24(file, size.X-1), size.Y-1)
	file = binary.LittleEndian.AppendUint32(append(file, id...), uint32(len(body)))
	f.File = append(file, body...)[:8+total]
	return f, nil
}

// webpMetadata reads the metadata that the file's flags announce; of several
// of a kind the first count.
func webpMetadata(data []byte) (m metadata) {
	var flags byte
	for id, body := range webpChunks(data) {
		switch {
		case id == "VP8X" && len(body) > 0:
			flags = body[0]
		case id == "EXIF" && flags&webpEXIF != 0 && m.exif == nil:
			m.exif = body
		case id == "XMP " && flags&webpXMP != 0 && m.xmp == nil:
			m.xmp = body
		}
	}
	return m
}

// webpChunks visits the chunks of a WebP file.
func webpChunks(data []byte) iter.Seq2[string, []byte] {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WEBP" {
		return chunks(nil)
	}
	end := min(uint64(len(data)), 8+uint64(binary.LittleEndian.Uint32(data[4:])))
	return chunks(data[12:max(12, end)])
}

// chunks visits a row of RIFF chunks: their names and what is in them. A chunk
// that is cut off is the last.
func chunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(data) >= 8 {
			id, size := string(data[:4]), uint64(binary.LittleEndian.Uint32(data[4:]))
			data = data[8:]
			size = min(size, uint64(len(data)))
			if !yield(id, data[:size]) {
				return
			}
			data = data[min(size+size%2, uint64(len(data))):]
		}
	}
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func appendUint24(b []byte, v int) []byte { return append(b, byte(v), byte(v>>8), byte(v>>16)) }
