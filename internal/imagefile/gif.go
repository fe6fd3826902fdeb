package imagefile

import "slices"

// Blocks of a GIF.
const (
	gifExtension = 0x21
	gifControl   = 0xf9
)

// OpaqueGIF finds the transparent colour of a GIF's first frame, -1 if it has
// none, and returns the file without it: a decoder that makes a colour
// transparent may forget what it was.
func OpaqueGIF(data []byte) (opaque []byte, transparent int) {
	transparent = -1
	at := 13
	if len(data) < at {
		return data, transparent
	}
	if data[10]&0x80 != 0 {
		at += 3 << (1 + data[10]&7) // the palette of the file
	}
	opaque = data
	for at+2 < len(data) && data[at] == gifExtension {
		label := data[at+1]
		for at += 2; at < len(data) && data[at] != 0; at += 1 + int(data[at]) {
			if label != gifControl || data[at] != 4 || at+5 > len(data) || data[at+1]&1 == 0 {
				continue
			}
			if transparent < 0 {
				opaque = slices.Clone(data)
			}
			opaque[at+1] &^= 1
			transparent = int(data[at+4])
		}
		at++
	}
	return opaque, transparent
}
