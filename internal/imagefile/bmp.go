package imagefile

import (
	"encoding/binary"

	"github.com/pkg/errors"
)

var bmpCompressions = map[uint32]string{1: "run lengths", 2: "run lengths", 3: "masks of bits", 4: "JPEG", 5: "PNG", 6: "masks of bits"}

// CheckBMP names kinds of BMP that golang.org/x/image/bmp rejects without
// saying why.
func CheckBMP(data []byte) error {
	if len(data) < 18 || string(data[:2]) != "BM" {
		return nil
	}
	switch size := binary.LittleEndian.Uint32(data[14:]); {
	case size == 12 || size == 16 || size == 64:
		return errors.New("its header is of the OS/2 kind")
	case size < 40 || len(data) < 54:
		return nil
	}
	if bits := binary.LittleEndian.Uint16(data[28:]); bits == 16 {
		return errors.New("a pixel has 16 bits")
	}
	if name := bmpCompressions[binary.LittleEndian.Uint32(data[30:])]; name != "" {
		return errors.Errorf("its pixels are stored by %s", name)
	}
	return nil
}
