package jpeg

import (
	"bytes"

	"github.com/pkg/errors"
)

// The markers that matter here.
const (
	sof0 = 0xC0
	sof1 = 0xC1
	sof2 = 0xC2
	dht  = 0xC4
	jpg  = 0xC8
	dac  = 0xCC
	rst0 = 0xD0
	rst7 = 0xD7
	soi  = 0xD8
	eoi  = 0xD9
	sos  = 0xDA
	dqt  = 0xDB
	dnl  = 0xDC
	dri  = 0xDD
	app0 = 0xE0
	appF = 0xEF
	com  = 0xFE
	tem  = 0x01
)

// maxSide is libjpeg's limit.
const maxSide = 65500

// parser reads markers and their segments, and holds what they define.
type parser struct {
	data []byte
	at   int  // the next byte to read
	met  byte // the last marker

	header    Header
	jfif      bool
	adobe     bool
	transform byte
	quantOf   [4]uint8 // each plane's quantisation table
	interval  int      // MCUs between restarts, or 0

	quant      [4][64]uint16 // in natural order
	quantGiven [4]bool
	dc, ac     [4]huffman

	scan scanHeader
}

// scanHeader is a start of scan.
type scanHeader struct {
	planes         int
	plane          [4]uint8 // indices into the frame's planes
	dc, ac         [4]uint8 // their tables
	from, to       int      // the band of coefficients
	high, low      int      // the bits of them before and after the scan
	firstEntropyAt int
}

// reset begins a file. Huffman tables stay built, for files that define the
// same, but count as not given.
func (p *parser) reset(data []byte) {
	p.data, p.at = data, 0
	p.header = Header{}
	p.jfif, p.adobe, p.transform, p.interval = false, false, 0, 0
	p.quantGiven = [4]bool{}
	for i := range p.dc {
		p.dc[i].given, p.ac[i].given = false, false
	}
}

// firstScan reads up to the first start of scan. Bytes before the picture are
// passed over, as are streams of tables alone.
func (p *parser) firstScan() error {
	start := bytes.Index(p.data, []byte{0xFF, soi, 0xFF})
	if start < 0 {
		return malformed("no start of a picture (FF D8 FF) in %d bytes", len(p.data))
	}
	p.at = start + 2
	for {
		more, err := p.nextScan()
		if err != nil {
			return err
		}
		if more {
			break
		}
		// Only tables came. They serve the picture that follows.
		if p.header.Planes != 0 || !bytes.HasPrefix(p.data[p.at:], []byte{0xFF, soi}) {
			return malformed("the picture ends at byte %d, before its first scan", p.at)
		}
		p.at += 2
		p.interval, p.jfif, p.adobe = 0, false, false
	}
	p.header.Colour = p.colourSpace()
	return nil
}

// nextScan reads the segments before the next start of scan, and that. It
// reports false at the end of the picture.
func (p *parser) nextScan() (bool, error) {
	for {
		marker, err := p.marker()
		if err != nil {
			return false, err
		}
		switch {
		case marker == eoi:
			return false, nil
		case marker == soi:
			return false, malformed("a second picture begins at byte %d, inside the first", p.at-2)
		case marker == tem || rst0 <= marker && marker <= rst7:
			continue
		case unknown(marker):
			return false, malformed("unknown marker %02X before byte %d", marker, p.at)
		}
		body, err := p.segment(marker)
		if err != nil {
			return false, err
		}
		if marker == sos {
			return true, p.startScan(body)
		}
		if err := p.define(marker, body); err != nil {
			return false, err
		}
	}
}

// define takes in what a segment says.
func (p *parser) define(marker byte, body []byte) error {
	switch {
	case marker == dht:
		return p.huffmanTables(body)
	case marker == dqt:
		return p.quantTables(body)
	case marker == dri:
		if len(body) != 2 {
			return malformed("the restart interval has %d bytes, want 2", len(body))
		}
		p.interval = int(body[0])<<8 | int(body[1])
	case marker == dac || marker == dnl || marker == com:
	case sof0 <= marker && marker <= 0xCF:
		return p.frame(marker, body)
	case app0 <= marker && marker <= appF:
		p.app(marker, body)
	}
	return nil
}

// unknown reports a marker that libjpeg does not know what to do with.
func unknown(marker byte) bool {
	return marker < sof0 || marker == jpg || dri < marker && marker < app0 || appF < marker && marker < com
}

// idle reports a marker whose segment changes nothing here.
func idle(marker byte) bool {
	return marker == 0 || marker == dac || marker == dnl || app0 <= marker && marker <= com
}

// marker finds the next one, passing over what is none.
func (p *parser) marker() (byte, error) {
	marker, after := findMarker(p.data, p.at)
	p.at, p.met = after, marker
	if marker == 0 {
		return 0, errors.Wrapf(ErrTruncated, "the file ends after %d bytes, where a marker should come", len(p.data))
	}
	return marker, nil
}

// findMarker returns the first marker at or after a byte, and where the bytes
// after it begin; 0 and the length if there is none.
func findMarker(data []byte, at int) (marker byte, after int) {
	for {
		i := bytes.IndexByte(data[at:], 0xFF)
		if i < 0 {
			return 0, len(data)
		}
		at += i
		for at < len(data) && data[at] == 0xFF {
			at++
		}
		if at == len(data) {
			return 0, at
		}
		if at++; data[at-1] != 0 {
			return data[at-1], at
		}
	}
}

// segment is the body of the segment that begins here. Where nothing depends on
// it, a length below 2 means none, as for libjpeg.
func (p *parser) segment(marker byte) ([]byte, error) {
	rest := p.data[p.at:]
	if len(rest) < 2 {
		return nil, errors.Wrapf(ErrTruncated, "the file ends in segment %02X at byte %d", marker, p.at)
	}
	size := int(rest[0])<<8 | int(rest[1])
	if size < 2 {
		if marker < app0 {
			return nil, malformed("segment %02X at byte %d has a length of %d, which includes the length's own 2 bytes", marker, p.at, size)
		}
		size = 2
	}
	if len(rest) < size {
		return nil, errors.Wrapf(ErrTruncated, "segment %02X at byte %d has %d bytes, but only %d follow", marker, p.at, size, len(rest))
	}
	p.at += size
	return rest[2:size], nil
}

// startScan reads a start of scan.
func (p *parser) startScan(body []byte) error {
	if p.header.Planes == 0 {
		return malformed("a scan before the frame's header")
	}
	if len(body) < 1 {
		return malformed("a scan's header of no bytes")
	}
	n := int(body[0])
	if n < 1 || n > 4 || len(body) != 4+2*n {
		return malformed("a scan's header of %d bytes for %d planes", len(body), n)
	}
	s := scanHeader{planes: n, firstEntropyAt: p.at}
	for i := range n {
		index, err := p.planeOf(body[1+2*i], s.plane[:i])
		if err != nil {
			return err
		}
		s.plane[i], s.dc[i], s.ac[i] = index, body[2+2*i]>>4, body[2+2*i]&15
	}
	band := body[1+2*n:]
	s.from, s.to, s.high, s.low = int(band[0]), int(band[1]), int(band[2]>>4), int(band[2]&15)
	p.scan = s
	return nil
}

// planeOf finds the plane of an identifier that the scan has not yet taken:
// planes may share one.
func (p *parser) planeOf(id uint8, taken []uint8) (uint8, error) {
	for i := range p.header.Planes {
		if p.header.Plane[i].ID == id && !bytes.Contains(taken, []byte{uint8(i)}) {
			return uint8(i), nil
		}
	}
	return 0, malformed("a scan of plane %d, which the frame does not have", id)
}

// quantTables reads quantisation tables.
func (p *parser) quantTables(body []byte) error {
	for len(body) > 0 {
		wide, index := body[0]>>4 != 0, body[0]&15
		size := 64
		if wide {
			size = 128
		}
		if index > 3 {
			return malformed("quantisation table %d; there are 0 to 3", index)
		}
		if len(body) < 1+size {
			return malformed("a quantisation table of %d bytes, want %d", len(body)-1, size)
		}
		for i := range 64 {
			v := uint16(body[1+i%size])
			if wide {
				v = uint16(body[1+2*i])<<8 | uint16(body[2+2*i])
			}
			p.quant[index][zigzag[i]] = v
		}
		p.quantGiven[index] = true
		body = body[1+size:]
	}
	return nil
}
