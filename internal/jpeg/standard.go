package jpeg

// The example tables of the standard, annex K.3. Cameras that send MJPEG leave
// them out.

var (
	lumaDCCounts    = []byte{0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}
	chromaDCCounts  = []byte{0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}
	standardDC      = []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	lumaACCounts    = []byte{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D}
	chromaACCounts  = []byte{0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77}
	standardLumaAC  = standardAC(lumaACStart, lumaACRest)
	standardChromAC = standardAC(chromaACStart, chromaACRest)
)

// The symbols of the AC tables by the length of their codes. Those of 16 bits
// follow in order.
var (
	lumaACStart = []byte{
		0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
		0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
		0x24, 0x33, 0x62, 0x72, 0x82,
	}
	chromaACStart = []byte{
		0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
		0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0,
		0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1,
	}
	lumaACRest, chromaACRest = 0x09, 0x17
)

// standardAC appends to the symbols with short codes all others in order.
func standardAC(start []byte, first int) []byte {
	list := append([]byte(nil), start...)
	used := map[byte]bool{}
	for _, s := range start {
		used[s] = true
	}
	for s := first; s < 256; s++ {
		if size := s & 15; size >= 1 && size <= 10 && !used[byte(s)] {
			list = append(list, byte(s))
		}
	}
	return list
}

// standardTables stand in for those that a file does not define.
func (p *parser) standardTables() {
	for i, t := range []struct{ dcCounts, acCounts, ac []byte }{
		{lumaDCCounts, lumaACCounts, standardLumaAC},
		{chromaDCCounts, chromaACCounts, standardChromAC},
	} {
		if !p.dc[i].given {
			p.dc[i].set(t.dcCounts, standardDC)
		}
		if !p.ac[i].given {
			p.ac[i].set(t.acCounts, t.ac)
		}
	}
}
