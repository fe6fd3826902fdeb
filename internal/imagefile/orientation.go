package imagefile

import "bytes"

// metadata is what of a file can hold an orientation.
type metadata struct {
	exif []byte // a TIFF file, perhaps after exifHeader
	xmp  []byte // XML
}

// exifHeader stands before EXIF data in a JPEG, and in some other files.
var exifHeader = []byte("Exif\x00\x00")

// Orientation is the EXIF orientation of an encoded image, 1 to 8: how its
// stored pixels are to be turned or mirrored. It looks where Pillow does: at
// the EXIF data of a JPEG, PNG or WebP and at a TIFF's own tags, then, where
// these have none, at the XMP data. A format without metadata, and metadata
// that are broken, leave an image upright: 1.
func Orientation(data []byte, format string) int {
	value := find(data, format)
	if value < 1 || value > 8 {
		return 1
	}
	return value
}

func find(data []byte, format string) int {
	var m metadata
	switch format {
	case "jpeg":
		m = jpegMetadata(data)
	case "png":
		m = pngMetadata(data)
	case "webp":
		m = webpMetadata(data)
	case "tiff":
		m = tiffMetadata(data)
	}
	for range 2 { // some writers repeat the header
		m.exif = bytes.TrimPrefix(m.exif, exifHeader)
	}
	if d, ok := firstDirectory(m.exif); ok {
		if value, ok := d.number(tagOrientation); ok {
			return value
		}
	}
	return xmpOrientation(m.xmp)
}

// xmpOrientation reads the first tiff:Orientation, an attribute or an element,
// of one digit; 0 if there is none.
func xmpOrientation(xmp []byte) int {
	name := []byte("tiff:Orientation")
	for {
		at := bytes.Index(xmp, name)
		if at < 0 {
			return 0
		}
		xmp = xmp[at+len(name):]
		digit, ok := bytes.CutPrefix(xmp, []byte(`="`))
		if !ok {
			digit, ok = bytes.CutPrefix(xmp, []byte(`>`))
		}
		if ok && len(digit) > 0 && digit[0] >= '0' && digit[0] <= '9' {
			return int(digit[0] - '0')
		}
	}
}
