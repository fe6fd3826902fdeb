package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
)

// maxText bounds what is inflated of a compressed text, and read of digits.
// Orientations stand at the beginning of EXIF data, and XMP data are smaller.
const maxText = 1 << 20

// Keywords of texts that hold metadata. ImageMagick and ExifTool write raw
// profiles: EXIF data, as in a JPEG's segment, in hexadecimal digits.
const (
	keyRawEXIF = "Raw profile type exif"
	keyRawAPP1 = "Raw profile type APP1"
	keyXMP     = "XML:com.adobe.xmp"
)

// pngMetadata reads the chunks on both sides of the picture. Of several of a
// kind the last counts.
func pngMetadata(data []byte) (m metadata) {
	texts := map[string]text{}
	data = data[min(8, len(data)):]
	for picture := false; len(data) >= 12; {
		size := uint64(binary.BigEndian.Uint32(data))
		if 12+size > uint64(len(data)) {
			break
		}
		kind, body := string(data[4:8]), data[8:8+size]
		data = data[12+size:]
		if kind == "IEND" || kind == "fcTL" && picture { // the next frame
			break
		}
		switch kind {
		case "IDAT":
			picture = true
		case "eXIf":
			m.exif = body
		case "tEXt", "zTXt", "iTXt":
			if t, ok := newText(kind, body); ok {
				texts[t.key] = t
			}
		}
	}
	if m.exif == nil {
		m.exif = rawProfile(texts[keyRawEXIF].value())
	}
	if m.exif == nil {
		m.exif = rawProfile(texts[keyRawAPP1].value())
	}
	m.xmp = texts[keyXMP].value()
	return m
}

// text is a text with one of the keywords above, as it is stored.
type text struct {
	key        string
	stored     []byte
	compressed bool
}

func newText(kind string, body []byte) (t text, ok bool) {
	key, rest, _ := bytes.Cut(body, []byte{0})
	t.key = string(key)
	switch t.key {
	case keyRawEXIF, keyRawAPP1, keyXMP:
	default:
		return t, false
	}
	switch kind {
	case "zTXt": // the method of compression, 0, comes first
		if len(rest) < 1 || rest[0] != 0 {
			return t, false
		}
		t.compressed, rest = true, rest[1:]
	case "iTXt": // a flag, the method, language, translated keyword
		if len(rest) < 2 || rest[0] != 0 && rest[1] != 0 {
			return t, false
		}
		t.compressed = rest[0] != 0
		parts := bytes.SplitN(rest[2:], []byte{0}, 3)
		if len(parts) < 3 {
			return t, false
		}
		rest = parts[2]
	}
	t.stored = rest
	return t, true
}

// value is the text, or as much of it as is sound and not too long.
func (t text) value() []byte {
	if !t.compressed {
		return t.stored
	}
	z, err := zlib.NewReader(bytes.NewReader(t.stored))
	if err != nil {
		return nil
	}
	inflated, _ := io.ReadAll(io.LimitReader(z, maxText))
	return inflated
}

// rawProfile decodes "\nNAME\nLENGTH\nDIGITS…", where the digits stand in
// lines. What follows the first that is none is left out.
func rawProfile(profile []byte) []byte {
	parts := bytes.SplitN(profile[:min(maxText, len(profile))], []byte{'\n'}, 4)
	if len(parts) < 4 {
		return nil
	}
	digits := make([]byte, 0, len(parts[3]))
	for _, c := range parts[3] {
		if c > ' ' {
			digits = append(digits, c)
		}
	}
	n, _ := hex.Decode(digits, digits[:len(digits)/2*2])
	return digits[:n]
}
