package imagefile

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// xmpHeader stands before XMP data in a JPEG.
var xmpHeader = []byte("http://ns.adobe.com/xap/1.0/\x00")

// jpegMetadata reads the segments before the picture. EXIF data in several
// segments are one; of several XMP segments the last counts.
func jpegMetadata(data []byte) (m metadata) {
	for {
		marker, segment, rest := nextSegment(data)
		if rest == nil {
			return m
		}
		data = rest
		if marker != 0xe1 {
			continue
		}
		if exif, ok := bytes.CutPrefix(segment, exifHeader); ok {
			if m.exif == nil {
				m.exif = slices.Clip(exif)
				continue
			}
			m.exif = append(m.exif, exif...)
		} else if xmp, ok := bytes.CutPrefix(segment, xmpHeader); ok {
			m.xmp = xmp
		}
	}
}

// nextSegment finds the next marker, whatever lies before it, and the segment
// that it begins. At the picture, and where data end, rest is nil.
func nextSegment(data []byte) (marker byte, segment, rest []byte) {
	at := bytes.IndexByte(data, 0xff)
	if at < 0 {
		return 0, nil, nil
	}
	for data = data[at:]; len(data) > 0 && data[0] == 0xff; { // a marker may be padded
		data = data[1:]
	}
	if len(data) == 0 || data[0] == 0xda {
		return 0, nil, nil
	}
	marker, data = data[0], data[1:]
	if marker <= 0x01 || marker >= 0xd0 && marker <= 0xd9 {
		return marker, nil, data // it stands alone
	}
	if len(data) < 2 {
		return 0, nil, nil
	}
	size := int(binary.BigEndian.Uint16(data))
	if size < 2 || size > len(data) {
		return 0, nil, nil
	}
	return marker, data[2:size], data[size:]
}
