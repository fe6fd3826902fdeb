package container

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/pkg/errors"
)

// The elements of Matroska, RFC 9559, that matter here, by their ids.
const (
	ebmlHeader      = 0x1A45DFA3
	ebmlSegment     = 0x18538067
	ebmlInfo        = 0x1549A966
	ebmlScale       = 0x2AD7B1
	ebmlTracks      = 0x1654AE6B
	ebmlTrack       = 0xAE
	ebmlTrackNumber = 0xD7
	ebmlTrackType   = 0x83
	ebmlVideo       = 0xE0
	ebmlProjection  = 0x7670
	ebmlProjectType = 0x7671
	ebmlYaw         = 0x7673
	ebmlRoll        = 0x7675
	ebmlCluster     = 0x1F43B675
	ebmlTimestamp   = 0xE7
	ebmlGroup       = 0xA0
	ebmlBlock       = 0xA1
	ebmlSimpleBlock = 0xA3
)

// matroska is a file while it is read.
type matroska struct {
	source
	elements int
	scale    uint64 // nanoseconds a tick
	track    *matroskaTrack
	clusters int64 // where the first begins
	segment  int64 // where the segment ends
}

type matroskaTrack struct {
	number, kind uint64
	projection   uint64
	yaw, roll    float64
}

var errDone = errors.New("done")

func readMatroska(s source) (*File, error) {
	m := &matroska{source: s, scale: 1e6}
	err := m.each(0, s.size, 0, func(id uint32, from, to int64) error {
		if id != ebmlSegment {
			return nil
		}
		m.segment = to
		if err := m.each(from, to, 1, m.header); err != nil {
			return err
		}
		return errDone
	})
	if m.track == nil {
		if err == nil || errors.Is(err, errDone) {
			err = errors.Wrap(ErrFormat, "Matroska: there is no video track")
		}
		return nil, err
	}
	f := &File{times: m.times}
	if t := m.track; t.projection == 0 { // flat
		// A roll goes against the clock; a picture turned round its upright axis is
		// seen from behind.
		f.Turn = Degrees(-t.roll)
		f.Turn.Mirror = math.Abs(t.yaw) == 180
	}
	return f, nil
}

// each visits the elements of a part of the file.
func (m *matroska) each(from, to int64, depth int, visit func(id uint32, from, to int64) error) error {
	if depth > maxDepth {
		return errors.Wrap(ErrFormat, "Matroska: elements too deep in each other")
	}
	for from < to {
		id, begin, end, err := m.element(from, to)
		if err != nil {
			return err
		}
		if err := visit(id, begin, end); err != nil {
			return err
		}
		from = end
	}
	return nil
}

// element reads an element's head. One of unknown size, as live streams have,
// reaches to the end of the part.
func (m *matroska) element(from, to int64) (id uint32, begin, end int64, err error) {
	if m.elements++; m.elements > maxElements {
		return 0, 0, 0, errors.Wrapf(ErrFormat, "Matroska: more than %d elements", maxElements)
	}
	var head [12]byte
	n, _ := m.ReadAt(head[:min(12, to-from)], from)
	name, k := vint(head[:min(n, 4)], true)
	size, l := vint(head[k:n], false)
	if k == 0 || l == 0 {
		return 0, 0, 0, errors.Wrapf(ErrFormat, "Matroska: no element at byte %d", from)
	}
	begin = from + int64(k+l)
	switch {
	case size == math.MaxUint64:
		end = to
	case size > uint64(m.size-begin):
		return 0, 0, 0, errors.Wrapf(ErrFormat, "Matroska: an element %X of %d bytes at byte %d of %d", name, size, from, m.size)
	default:
		end = begin + int64(size)
	}
	return uint32(name), begin, end, nil
}

// vint reads a number of EBML and how many bytes it takes, 0 where it is none.
// The marker of its length stays in ids; a size of nothing but ones is unknown.
func vint(data []byte, id bool) (v uint64, n int) {
	if len(data) == 0 || data[0] == 0 {
		return 0, 0
	}
	n = 1
	for mask := byte(0x80); data[0]&mask == 0; mask >>= 1 {
		n++
	}
	if n > len(data) {
		return 0, 0
	}
	for _, b := range data[:n] {
		v = v<<8 | uint64(b)
	}
	if id {
		return v, n
	}
	mask := uint64(1)<<(7*n) - 1
	if v &= mask; v == mask {
		v = math.MaxUint64
	}
	return v, n
}

// header reads what is before the first cluster.
func (m *matroska) header(id uint32, from, to int64) error {
	switch id {
	case ebmlInfo:
		return m.each(from, to, 2, func(id uint32, from, to int64) error {
			if id == ebmlScale {
				return m.unsigned(from, to, &m.scale)
			}
			return nil
		})
	case ebmlTracks:
		return m.each(from, to, 2, func(id uint32, from, to int64) error {
			t := &matroskaTrack{}
			if id != ebmlTrack || m.track != nil {
				return nil
			}
			if err := m.entry(from, to, 3, t); err != nil {
				return err
			}
			if t.kind == 1 {
				m.track = t
			}
			return nil
		})
	case ebmlCluster:
		m.clusters = from
		return errDone
	}
	return nil
}

// entry reads a track's description.
func (m *matroska) entry(from, to int64, depth int, t *matroskaTrack) error {
	return m.each(from, to, depth, func(id uint32, from, to int64) error {
		switch id {
		case ebmlVideo, ebmlProjection:
			return m.entry(from, to, depth+1, t)
		case ebmlTrackNumber:
			return m.unsigned(from, to, &t.number)
		case ebmlTrackType:
			return m.unsigned(from, to, &t.kind)
		case ebmlProjectType:
			return m.unsigned(from, to, &t.projection)
		case ebmlYaw:
			return m.float(from, to, &t.yaw)
		case ebmlRoll:
			return m.float(from, to, &t.roll)
		}
		return nil
	})
}

func (m *matroska) unsigned(from, to int64, v *uint64) error {
	data, err := m.bytes(from, to, 8)
	*v = 0
	for _, b := range data {
		*v = *v<<8 | uint64(b)
	}
	return err
}

func (m *matroska) float(from, to int64, v *float64) error {
	data, err := m.bytes(from, to, 8)
	switch len(data) {
	case 4:
		*v = float64(math.Float32frombits(binary.BigEndian.Uint32(data)))
	case 8:
		*v = math.Float64frombits(binary.BigEndian.Uint64(data))
	}
	return err
}

// times takes the time of each block of the track. Clusters and groups are
// entered as they come: where their sizes are unknown, one begins inside another.
func (m *matroska) times(most int) (list []time.Duration, err error) {
	if m.clusters == 0 {
		return nil, nil
	}
	m.elements = 0
	var cluster uint64
	for from := m.clusters; from < m.segment && len(list) < most; {
		id, begin, end, err := m.element(from, m.segment)
		if err != nil {
			return list, err
		}
		from = end
		switch id {
		case ebmlCluster, ebmlGroup:
			from = begin
		case ebmlTimestamp:
			err = m.unsigned(begin, end, &cluster)
		case ebmlBlock, ebmlSimpleBlock:
			var t time.Duration
			var ours bool
			if t, ours, err = m.block(begin, end, cluster); ours {
				list = append(list, t)
			}
		}
		if err != nil {
			return list, err
		}
	}
	return list, nil
}

// block reads a block's time, if it is of the track.
func (m *matroska) block(from, to int64, cluster uint64) (t time.Duration, ours bool, err error) {
	head, err := m.bytes(from, min(to, from+10), maxTable)
	if err != nil {
		return 0, false, err
	}
	number, n := vint(head, false)
	if n == 0 || len(head) < n+2 {
		return 0, false, errors.Wrapf(ErrFormat, "Matroska: a block of %d bytes", to-from)
	}
	if number != m.track.number {
		return 0, false, nil
	}
	tick := float64(int64(cluster)+int64(int16(binary.BigEndian.Uint16(head[n:])))) * float64(m.scale)
	if !(math.Abs(tick) < 1<<62) {
		return 0, false, errors.Wrapf(ErrFormat, "Matroska: a time of %g ns", tick)
	}
	return time.Duration(tick), true, nil
}
