package imagefile

import (
	"encoding/binary"
	"math"
)

// Tags of a TIFF directory.
const (
	tagSubfileType     = 254
	tagBitsPerSample   = 258
	tagCompression     = 259
	tagPhotometric     = 262
	tagFillOrder       = 266
	tagOrientation     = 274
	tagSamplesPerPixel = 277
	tagPlanar          = 284
	tagT4Options       = 292
	tagPredictor       = 317
	tagSubIFDs         = 330
	tagExtraSamples    = 338
	tagSampleFormat    = 339
	tagXMP             = 700
)

// entrySize is the size of an entry: tag, type, count, value or offset.
const entrySize = 12

// typeSizes are the bytes of one value of each type.
var typeSizes = [...]uint64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}

// directory is the first directory of a TIFF file. EXIF data are such a file.
type directory struct {
	data    []byte
	order   binary.ByteOrder
	entries []byte
}

// firstDirectory finds it. A directory that is cut off keeps the entries that
// are there.
func firstDirectory(data []byte) (d directory, ok bool) {
	if len(data) < 8 {
		return d, false
	}
	d.data = data
	switch string(data[:4]) {
	case "II*\x00", "II\x00*": // the second is wrong, and written
		d.order = binary.LittleEndian
	case "MM\x00*", "MM*\x00":
		d.order = binary.BigEndian
	default:
		return d, false
	}
	at := uint64(d.order.Uint32(data[4:]))
	if at+2 > uint64(len(data)) {
		return d, false
	}
	d.entries = data[at+2:]
	size := entrySize * int(d.order.Uint16(data[at:]))
	d.entries = d.entries[:min(size, len(d.entries)/entrySize*entrySize)]
	return d, true
}

// values are the bytes of a tag and their type. The first entry counts whose
// values lie inside the file.
func (d directory) values(tag uint16) (raw []byte, kind uint16) {
	for e := d.entries; len(e) > 0; e = e[entrySize:] {
		kind := d.order.Uint16(e[2:])
		if d.order.Uint16(e) != tag || int(kind) >= len(typeSizes) {
			continue
		}
		size := uint64(d.order.Uint32(e[4:])) * typeSizes[kind]
		if size > 0 && size <= 4 {
			return e[8 : 8+size], kind
		}
		at := uint64(d.order.Uint32(e[8:]))
		if size > 0 && at+size <= uint64(len(d.data)) {
			return d.data[at : at+size], kind
		}
	}
	return nil, 0
}

// number is the first value of a tag of any numeric type, if it is whole.
func (d directory) number(tag uint16) (value int, ok bool) {
	raw, kind := d.values(tag)
	if raw == nil {
		return 0, false
	}
	switch kind {
	case 1:
		return int(raw[0]), true
	case 3:
		return int(d.order.Uint16(raw)), true
	case 4, 13:
		return whole(float64(d.order.Uint32(raw)))
	case 6:
		return int(int8(raw[0])), true
	case 8:
		return int(int16(d.order.Uint16(raw))), true
	case 9:
		return int(int32(d.order.Uint32(raw))), true
	case 5:
		return whole(float64(d.order.Uint32(raw)) / float64(d.order.Uint32(raw[4:])))
	case 10:
		return whole(float64(int32(d.order.Uint32(raw))) / float64(int32(d.order.Uint32(raw[4:]))))
	case 11:
		return whole(float64(math.Float32frombits(d.order.Uint32(raw))))
	case 12:
		return whole(math.Float64frombits(d.order.Uint64(raw)))
	case 16:
		return whole(float64(d.order.Uint64(raw)))
	}
	return 0, true // text: there, but no number
}

// whole is a number as an integer; what is none, or large, is 0, which no tag
// that is read here means.
func whole(v float64) (int, bool) {
	if v != math.Trunc(v) || math.Abs(v) > math.MaxInt32 {
		return 0, true
	}
	return int(v), true
}

// numberOr is a tag's first value or, without the tag, another.
func (d directory) numberOr(tag uint16, otherwise int) int {
	if v, ok := d.number(tag); ok {
		return v
	}
	return otherwise
}
