package container

import "encoding/binary"

// mvex keeps the durations that fragments fall back on.
func (m *mp4) mvex(b box) error {
	return m.each(b.from, b.to, 2, func(b box) error {
		if b.kind != "trex" {
			return nil
		}
		var id, length uint32
		if err := m.number(b, 4, 4, &id); err != nil {
			return err
		}
		if err := m.number(b, 12, 12, &length); err != nil {
			return err
		}
		m.extend[id] = length
		return nil
	})
}

// moof reads the video track's part of a fragment.
func (m *mp4) moof(b box, l *mp4Times) error {
	return m.each(b.from, b.to, 1, func(b box) error {
		if b.kind != "traf" {
			return nil
		}
		var ours bool
		length := m.extend[m.track.id]
		return m.each(b.from, b.to, 2, func(b box) error {
			if b.kind != "tfhd" && !ours {
				return nil
			}
			data, err := m.bytes(b.from, b.to, maxTable)
			if err != nil {
				return err
			}
			f := &fields{data: data}
			switch version, flags := f.head(); b.kind {
			case "tfhd":
				ours = f.next() == m.track.id
				f.skip(flags&1 != 0, 8) // where the data begin
				f.skip(flags&2 != 0, 4) // the description
				if flags&8 != 0 {
					length = f.next()
				}
			case "tfdt":
				l.decoded = int64(f.next())
				if version == 1 {
					l.decoded = l.decoded<<32 | int64(f.next())
				}
			case "trun":
				return f.trun(flags, length, l)
			}
			return nil
		})
	})
}

// fields reads the numbers of a box; those that are cut off are 0.
type fields struct{ data []byte }

func (f *fields) head() (version byte, flags uint32) {
	v := f.next()
	return byte(v >> 24), v & 0xffffff
}

func (f *fields) next() uint32 {
	if len(f.data) < 4 {
		f.data = nil
		return 0
	}
	v := binary.BigEndian.Uint32(f.data)
	f.data = f.data[4:]
	return v
}

func (f *fields) skip(present bool, n int) {
	if present {
		f.data = f.data[min(n, len(f.data)):]
	}
}

// trun is a run of frames, whose flags say which numbers each has.
func (f *fields) trun(flags, length uint32, l *mp4Times) error {
	n := f.next()
	f.skip(flags&1 != 0, 4) // where the data begin
	f.skip(flags&4 != 0, 4) // the first frame's flags
	for range n {
		if l.seen == l.most || flags&0xf00 != 0 && len(f.data) == 0 {
			return nil
		}
		own, offset := length, int64(0)
		if flags&0x100 != 0 {
			own = f.next()
		}
		f.skip(flags&0x200 != 0, 4) // the size
		f.skip(flags&0x400 != 0, 4) // the flags
		if flags&0x800 != 0 {
			offset = int64(int32(f.next()))
		}
		if err := l.frame(own, offset); err != nil {
			return err
		}
	}
	return nil
}
