package container

import (
	"encoding/binary"

	"github.com/pkg/errors"
)

// box is an element of ISO/IEC 14496-12 and of QuickTime.
type box struct {
	kind     string
	from, to int64 // of its contents
}

// mp4 is a file while it is read.
type mp4 struct {
	source
	boxes  int
	movie  matrix
	track  *mp4Track // the first of video
	extend map[uint32]uint32
	moofs  []box
}

// matrix is the part of a display matrix that turns: a, b, c, d.
type matrix [4]float64

func readMP4(s source) (*File, error) {
	m := &mp4{source: s, movie: matrix{1, 0, 0, 1}, extend: map[uint32]uint32{}}
	// Whatever stands before damage, or a cut, counts.
	err := m.each(0, s.size, 0, func(b box) error {
		switch b.kind {
		case "moov":
			return m.moov(b)
		case "moof":
			m.moofs = append(m.moofs, b)
		}
		return nil
	})
	if m.track == nil {
		if err == nil {
			err = errors.Wrap(ErrFormat, "MP4: there is no video track")
		}
		return nil, err
	}
	return &File{Turn: m.turn(), times: m.times}, nil
}

// each visits the boxes of a part of the file.
func (m *mp4) each(from, to int64, depth int, visit func(box) error) error {
	if depth > maxDepth {
		return errors.Wrap(ErrFormat, "MP4: boxes too deep in each other")
	}
	for to-from >= 8 {
		if m.boxes++; m.boxes > maxElements {
			return errors.Wrapf(ErrFormat, "MP4: more than %d boxes", maxElements)
		}
		var head [16]byte
		n, _ := m.ReadAt(head[:min(16, to-from)], from)
		if n < 8 {
			return errors.Wrapf(ErrFormat, "MP4: cut at byte %d", from)
		}
		size, header := int64(binary.BigEndian.Uint32(head[:])), int64(8)
		switch {
		case size == 0:
			size = to - from
		case size == 1 && n == 16:
			size, header = int64(binary.BigEndian.Uint64(head[8:])), 16
		}
		if size < header || size > to-from {
			return errors.Wrapf(ErrFormat, "MP4: a box %q of %d bytes at byte %d, where %d are left", head[4:8], size, from, to-from)
		}
		if err := visit(box{string(head[4:8]), from + header, from + size}); err != nil {
			return err
		}
		from += size
	}
	return nil
}

func (m *mp4) moov(b box) error {
	return m.each(b.from, b.to, 1, func(b box) error {
		switch b.kind {
		case "mvhd":
			return m.matrixOf(b, 36, 48, &m.movie)
		case "mvex":
			return m.mvex(b)
		case "trak":
			if m.track != nil {
				return nil
			}
			t := &mp4Track{scale: 1, matrix: matrix{1, 0, 0, 1}}
			if err := m.trak(b, 2, t); err != nil {
				return err
			}
			if t.handler == "vide" {
				m.track = t
			}
		}
		return nil
	})
}

// matrixOf reads the matrix of a header box, which lies further on in its version
// 1, whose times are longer.
func (m *mp4) matrixOf(b box, at int64, at1 int64, to *matrix) error {
	data, err := m.bytes(b.from, min(b.to, b.from+256), maxTable)
	if err != nil {
		return err
	}
	if len(data) > 0 && data[0] == 1 {
		at = at1
	}
	// Its rows are a b u, c d v, x y w.
	for i, k := range []int64{0, 4, 12, 16} {
		if at+k+4 > int64(len(data)) {
			return errors.Wrapf(ErrFormat, "MP4: %s of %d bytes", b.kind, len(data))
		}
		to[i] = float64(int32(binary.BigEndian.Uint32(data[at+k:])))
	}
	return nil
}

// turn joins the track's matrix with the movie's.
func (m *mp4) turn() Turn {
	t, p := m.track.matrix, m.movie
	return turnOf(t[0]*p[0]+t[1]*p[2], t[0]*p[1]+t[1]*p[3], t[2]*p[0]+t[3]*p[2], t[2]*p[1]+t[3]*p[3])
}
