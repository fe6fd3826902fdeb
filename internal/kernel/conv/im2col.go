package conv

// im2col gathers the windows of cols output pixels, starting at pixel from,
// as a matrix of depth rows: row (channel, kh, kw), column pixel.
func (c *planar) im2col(dst, input []float32, from, cols int) {
	row := 0
	for ch := range c.inGroup {
		plane := input[ch*c.In.Plane() : (ch+1)*c.In.Plane()]
		for kh := range c.Kernel[0] {
			for kw := range c.Kernel[1] {
				c.gather(dst[row*cols:(row+1)*cols], plane, from, kh, kw)
				row++
			}
		}
	}
}

// gather copies what the tap (kh, kw) of the window sees at each pixel, a
// stretch of one output line at a time.
func (c *planar) gather(dst, plane []float32, from, kh, kw int) {
	y, x := from/c.Out.W, from%c.Out.W
	for len(dst) > 0 {
		n := min(len(dst), c.Out.W-x)
		iy := y*c.Stride[0] - c.Padding[0] + kh*c.Dilation[0]
		if iy < 0 || iy >= c.In.H {
			clear(dst[:n])
		} else {
			ix := x*c.Stride[1] - c.Padding[1] + kw*c.Dilation[1]
			gatherLine(dst[:n], plane[iy*c.In.W:(iy+1)*c.In.W], ix, c.Stride[1])
		}
		dst = dst[n:]
		x = 0
		y++
	}
}

// gatherLine copies line[at], line[at+stride] …, zero outside the line.
func gatherLine(dst, line []float32, at, stride int) {
	i := 0
	for ; i < len(dst) && at < 0; i++ {
		dst[i] = 0
		at += stride
	}
	if stride == 1 && i < len(dst) && at < len(line) {
		n := copy(dst[i:], line[at:])
		i += n
		at += n
	}
	for ; i < len(dst) && at < len(line); i++ {
		dst[i] = line[at]
		at += stride
	}
	clear(dst[i:])
}
