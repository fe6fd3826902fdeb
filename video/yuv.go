package video

// convert fills a frame.
func convert[T uint8 | uint16](f *Frame, h *y4m, woven bool, planes []T) {
	k := coloursOf(h.bits, h.full)
	cw, ch := h.chromaSize()
	size := h.width * h.height
	for y := range h.height {
		row := 0
		switch {
		case h.divY == 2 && woven: // two lines of chroma serve four lines, by turns
			row = min(y/4*2+y%2, ch-1) * cw
		case h.divY != 0:
			row = y / h.divY * cw
		}
		luma, u, v := planes[y*h.width:][:h.width], planes[size+row:][:cw], planes[size+cw*ch+row:][:cw]
		out := f.Row(y)
		for x, l := range luma {
			cb, cr := k.grey, k.grey
			if h.divX != 0 {
				cb, cr = int64(u[x/h.divX]), int64(v[x/h.divX])
			}
			out[3*x], out[3*x+1], out[3*x+2] = k.rgb(int64(l), cb, cr)
		}
	}
}

// colours converts BT.601's samples of some bits to 8-bit RGB, in fixed point.
type colours struct {
	black, grey              int64
	luma, redCr, greenCb     int64
	greenCr, blueCb, rounded int64
	shift                    uint
}

// coloursOf has luma of 16 to 235 and chroma of 16 to 240, in 8 bits, or JPEG's
// full range.
func coloursOf(bits int, full bool) colours {
	shift := uint(16 + bits - 8)
	k := colours{
		black: 16 << (bits - 8), luma: 76309 /* 255/219 */, redCr: 104597, greenCb: 25675, greenCr: 53279, blueCb: 132201,
		grey: 1 << (bits - 1), shift: shift, rounded: 1 << (shift - 1),
	}
	if full {
		whole := int64(1)<<bits - 1
		of255 := func(v int64) int64 { return (v*(255<<(bits-8)) + whole/2) / whole }
		k.black, k.luma, k.redCr, k.greenCb, k.greenCr, k.blueCb = 0, of255(65536), of255(91881), of255(22554), of255(46802), of255(116130)
	}
	return k
}

func (k *colours) rgb(y, cb, cr int64) (r, g, b uint8) {
	l := k.luma*(y-k.black) + k.rounded
	cb, cr = cb-k.grey, cr-k.grey
	return k.byte(l + k.redCr*cr), k.byte(l - k.greenCb*cb - k.greenCr*cr), k.byte(l + k.blueCb*cb)
}

func (k *colours) byte(v int64) uint8 { return uint8(min(max(v>>k.shift, 0), 255)) }
