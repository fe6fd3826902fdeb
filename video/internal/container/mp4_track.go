package container

import (
	"encoding/binary"
	"time"

	"github.com/pkg/errors"
)

// mp4Track is one track.
type mp4Track struct {
	id         uint32
	handler    string
	scale      uint32 // ticks a second
	matrix     matrix
	edits      []edit
	stts, ctts box
}

// edit is a part of the track that is shown.
type edit struct {
	start  int64 // in ticks; -1 shows nothing
	length uint64
}

// trak reads a track, its tables left where they are.
func (m *mp4) trak(b box, depth int, t *mp4Track) error {
	return m.each(b.from, b.to, depth, func(b box) error {
		switch b.kind {
		case "mdia", "minf", "stbl", "edts":
			return m.trak(b, depth+1, t)
		case "tkhd":
			if err := m.matrixOf(b, 40, 52, &t.matrix); err != nil {
				return err
			}
			return m.number(b, 12, 20, &t.id)
		case "mdhd":
			return m.number(b, 12, 20, &t.scale)
		case "hdlr":
			data, err := m.bytes(b.from, min(b.to, b.from+12), maxTable)
			if err == nil && len(data) == 12 && t.handler == "" {
				t.handler = string(data[8:]) // a second one, of QuickTime, is the data's
			}
			return err
		case "elst":
			return m.elst(b, t)
		case "stts":
			t.stts = b
		case "ctts":
			t.ctts = b
		}
		return nil
	})
}

// number reads one of a box's numbers, which lies further on in its version 1.
func (m *mp4) number(b box, at, at1 int, to *uint32) error {
	data, err := m.bytes(b.from, min(b.to, b.from+64), maxTable)
	if err != nil {
		return err
	}
	if len(data) > 0 && data[0] == 1 {
		at = at1
	}
	if at+4 > len(data) {
		return errors.Wrapf(ErrFormat, "MP4: %s of %d bytes", b.kind, len(data))
	}
	*to = binary.BigEndian.Uint32(data[at:])
	return nil
}

// rows reads a box that is a table with a count before it.
func (m *mp4) rows(b box, width int) (data []byte, version byte, err error) {
	if b.kind == "" {
		return nil, 0, nil
	}
	if data, err = m.bytes(b.from, b.to, maxTable); err != nil {
		return nil, 0, err
	}
	if len(data) < 8 {
		return nil, 0, errors.Wrapf(ErrFormat, "MP4: %s of %d bytes", b.kind, len(data))
	}
	version = data[0]
	if b.kind == "elst" && version == 1 {
		width += 8
	}
	n := int64(binary.BigEndian.Uint32(data[4:]))
	if data = data[8:]; n*int64(width) > int64(len(data)) {
		return nil, 0, errors.Wrapf(ErrFormat, "MP4: %s of %d bytes says that it has %d rows", b.kind, len(data), n)
	}
	return data[:n*int64(width)], version, nil
}

func (m *mp4) elst(b box, t *mp4Track) error {
	data, version, err := m.rows(b, 12)
	if err != nil {
		return err
	}
	for len(data) > 0 {
		if version == 1 {
			t.edits = append(t.edits, edit{int64(binary.BigEndian.Uint64(data[8:])), binary.BigEndian.Uint64(data)})
			data = data[20:]
			continue
		}
		t.edits = append(t.edits, edit{int64(int32(binary.BigEndian.Uint32(data[4:]))), uint64(binary.BigEndian.Uint32(data))})
		data = data[12:]
	}
	return nil
}

// times lists when the track's frames are shown: those of its tables, then those
// of its fragments.
func (m *mp4) times(most int) ([]time.Duration, error) {
	shown, begin := 0, int64(0)
	for _, e := range m.track.edits {
		if e.start >= 0 {
			shown++
			begin = e.start
		}
	}
	if shown > 1 {
		return nil, nil // pieces in an order of their own
	}
	l := &mp4Times{begin: begin, most: most, scale: m.track.scale}
	err := m.tables(l)
	for i := 0; err == nil && i < len(m.moofs) && l.seen < most; i++ {
		err = m.moof(m.moofs[i], l)
	}
	return l.list, err
}

// mp4Times collects times.
type mp4Times struct {
	list       []time.Duration
	begin      int64 // what is before is not shown
	most, seen int
	scale      uint32
	decoded    int64 // the time at which the next frame is decoded
}

// frame adds one that is shown so much later than it is decoded.
func (l *mp4Times) frame(length uint32, offset int64) error {
	shown := l.decoded + offset
	l.decoded += int64(length)
	l.seen++
	if shown < l.begin {
		return nil
	}
	t, err := ticks(shown-l.begin, l.scale)
	if err == nil {
		l.list = append(l.list, t)
	}
	return err
}

// tables reads stts, the durations, and ctts, the offsets.
func (m *mp4) tables(l *mp4Times) error {
	lengths, _, err := m.rows(m.track.stts, 8)
	if err != nil {
		return err
	}
	offsets, _, err := m.rows(m.track.ctts, 8)
	if err != nil {
		return err
	}
	left, offset := uint32(0), int64(0)
	for ; len(lengths) > 0; lengths = lengths[8:] {
		length := binary.BigEndian.Uint32(lengths[4:])
		for range binary.BigEndian.Uint32(lengths) {
			if l.seen == l.most {
				return nil
			}
			for left == 0 && len(offsets) > 0 {
				left, offset = binary.BigEndian.Uint32(offsets), int64(int32(binary.BigEndian.Uint32(offsets[4:])))
				offsets = offsets[8:]
			}
			if left > 0 {
				left--
			} else {
				offset = 0
			}
			if err := l.frame(length, offset); err != nil {
				return err
			}
		}
	}
	return nil
}
