package ops

import (
	"context"
	"math"
	"slices"
)

// RoIAlignOptions are the arguments of torchvision.ops.roi_align.
type RoIAlignOptions struct {
	// Size is the height and width of a pooled region.
	Size [2]int
	// Scale is the map's pixels per pixel of the boxes. 0 is 1.
	Scale float32
	// SamplingRatio is the number of samples along each side of a bin; 0 or
	// less takes as many as the bin has pixels, rounded up.
	SamplingRatio int
	// Aligned shifts the boxes by half a pixel, so that a pixel's value stands
	// for its centre, and lets boxes be smaller than a pixel.
	Aligned bool
	// Threads is how many goroutines work; 0 is GOMAXPROCS.
	Threads int
}

// RoIAlign pools regions of a map by averaging bilinear samples (He et al.,
// "Mask R-CNN", 2017): torchvision.ops.roi_align. x is N×C×H×W and the result
// K×C×Size for K regions. Samples more than a pixel outside the map count as
// zero, and pixels that no sample needs do not matter, NaN or not; in
// torchvision those of weight zero do. There must be at least one region, their
// coordinates finite; errors wrap ErrShape. It stops, with the context's error, when ctx ends.
func RoIAlign(ctx context.Context, x *Tensor, rois []RoI, opt RoIAlignOptions) (*Tensor, error) {
	if opt.Scale == 0 {
		opt.Scale = 1
	}
	if err := checkRoIs("roi_align", x, rois, opt.Size, opt.Scale); err != nil {
		return nil, err
	}
	out, err := New(len(rois), x.shape[1], opt.Size[0], opt.Size[1])
	if err != nil {
		return nil, err
	}
	grids := make([]grid, len(rois))
	err = eachRoI(ctx, len(rois), opt.Threads, func() func(int) {
		return func(i int) { grids[i].place(rois[i].Box, x, opt) }
	})
	if err != nil {
		return nil, err
	}
	err = eachRoI(ctx, x.shape[0]*x.shape[1], opt.Threads, func() func(int) {
		a := &aligner{x: x, out: out, rois: rois, grids: grids}
		return a.plane
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// aligner pools all regions of one plane after another, so that the plane stays
// in the cache.
type aligner struct {
	x, out *Tensor
	rois   []RoI
	grids  []grid
	sums   []float32
}

// plane fills one channel of one image's regions.
func (a *aligner) plane(i int) {
	channels, height, width := a.x.shape[1], a.x.shape[2], a.x.shape[3]
	m := a.x.data[i*height*width : (i+1)*height*width]
	n := a.out.shape[2] * a.out.shape[3]
	for k, roi := range a.rois {
		if roi.Image == i/channels {
			at := (k*channels + i%channels) * n
			a.pool(a.out.data[at:at+n], m, width, &a.grids[k])
		}
	}
}

// pool fills the h×w of one region's channel.
func (a *aligner) pool(dst, m []float32, width int, g *grid) {
	if g.y.empty() || g.x.empty() {
		clear(dst)
		return
	}
	n := g.x.bins
	if need := len(g.rows) * n; cap(a.sums) < need {
		a.sums = make([]float32, need)
	}
	sums := a.sums[:len(g.rows)*n]
	for i, row := range g.rows {
		g.x.along(sums[i*n:(i+1)*n], m[row*width:(row+1)*width])
	}
	g.y.across(dst, sums, n)
}

// grid is where a region samples. Bilinear samples on a grid separate: a bin's
// mean is a weighted sum over few rows of weighted sums over few columns. Each
// channel sums the rows that any bin needs along x, and those sums along y.
type grid struct {
	y, x taps
	rows []int // the map's rows that are needed; y's taps are places in it
}

// place makes the weights of both axes.
func (g *grid) place(b Box, x *Tensor, opt RoIAlignOptions) {
	b = b.Scale(opt.Scale, opt.Scale)
	if opt.Aligned {
		b = Box{b.X1 - 0.5, b.Y1 - 0.5, b.X2 - 0.5, b.Y2 - 0.5}
	}
	h, w := b.Height(), b.Width()
	if !opt.Aligned {
		h, w = max(h, 1), max(w, 1)
	}
	ny := g.y.place(b.Y1, h, opt.Size[0], opt.SamplingRatio, x.shape[2])
	nx := g.x.place(b.X1, w, opt.Size[1], opt.SamplingRatio, x.shape[3])
	if g.y.empty() || g.x.empty() {
		return
	}
	for i := range g.y.weight {
		g.y.weight[i] /= float32(max(ny*nx, 1))
	}
	g.rows = g.y.compact()
}

// taps are, for the bins along one axis, the pixels that a bin's samples touch
// and their weights. Every bin has width of them, of which count matter; all
// four of four do. No weight is zero, so that what is not used is not
// multiplied: zero times NaN or an infinity would be NaN.
type taps struct {
	bins, width int
	index       []int32
	weight      []float32
	count       []int // of each bin
	nothing     []int // the bins without taps
}

// place computes the taps of bins that divide the stretch from start, and
// returns the samples of a bin.
func (t *taps) place(start, length float32, bins, ratio, extent int) int {
	size := length / float32(bins)
	if ratio <= 0 {
		ratio = int(math.Ceil(float64(size)))
	}
	// A sample touches two pixels; samples in order share some.
	t.bins, t.width = bins, min(2*max(ratio, 0), extent)
	n := t.bins * t.width
	t.index, t.weight, t.count = make([]int32, n), make([]float32, n), make([]int, bins)
	widest := 0
	for p := range bins {
		t.count[p] = t.bin(p, start+float32(p)*size, size, ratio, extent)
		widest = max(widest, t.count[p])
	}
	t.narrow(widest)
	return ratio
}

// bin computes the taps of one bin. Samples ascend, in boxes that are inside out
// as well, so that a pixel which has a tap already is one of the last two.
func (t *taps) bin(p int, start, size float32, ratio, extent int) int {
	index, weight := t.index[p*t.width:(p+1)*t.width], t.weight[p*t.width:(p+1)*t.width]
	n := 0
	add := func(i int, w float32) {
		i32 := int32(i)
		for k := n - 1; k >= max(n-2, 0); k-- {
			if index[k] == i32 {
				weight[k] += w
				return
			}
		}
		index[n], weight[n] = i32, w
		n++
	}
	for s := range ratio {
		if size < 0 {
			s = ratio - 1 - s
		}
		at := start + (float32(s)+0.5)*size/float32(ratio)
		if at < -1 || at > float32(extent) {
			continue
		}
		at = max(at, 0)
		low := int(at)
		if low >= extent-1 {
			add(extent-1, 1)
			continue
		}
		l := at - float32(low)
		add(low, 1-l)
		add(low+1, l)
	}
	return n
}

// narrow packs the bins to a common width. Widths up to four become four, for
// which along and across are unrolled.
func (t *taps) narrow(widest int) {
	width := widest
	if width > 0 {
		width = max(width, 4)
	}
	if width > t.width {
		t.widen(width)
	}
	for p := range t.bins {
		from, to := p*t.width, p*width
		copy(t.index[to:to+t.count[p]], t.index[from:from+t.count[p]])
		copy(t.weight[to:to+t.count[p]], t.weight[from:from+t.count[p]])
	}
	t.width = width
	for p := range t.bins {
		index, weight := t.index[p*width:(p+1)*width], t.weight[p*width:(p+1)*width]
		clear(weight[t.count[p]:])
		if t.count[p] == 0 {
			clear(index)
			t.nothing = append(t.nothing, p)
		} else if width == 4 {
			share((*[4]int32)(index), (*[4]float32)(weight))
		} else {
			t.count[p] = withoutZeros(index, weight)
		}
	}
	t.index, t.weight = t.index[:t.bins*width], t.weight[:t.bins*width]
}

// share gives taps of weight zero a part of another one, the first's being
// positive. Halves of a product add up to it exactly, and pairs are added as they
// were: (a + 0) + (0 + 0) is (a/4 + a/4) + (a/4 + a/4).
func share(index *[4]int32, weight *[4]float32) {
	if weight[2] == 0 && weight[3] == 0 && weight[1] != 0 {
		index[2], weight[2], weight[1] = index[1], weight[1], 0
	}
	halve := func(from, to int) {
		if weight[to] == 0 {
			weight[from] /= 2
			index[to], weight[to] = index[from], weight[from]
		} else if weight[from] == 0 {
			weight[to] /= 2
			index[from], weight[from] = index[to], weight[to]
		}
	}
	if weight[2] == 0 && weight[3] == 0 {
		halve(0, 2)
	}
	halve(0, 1)
	halve(2, 3)
}

// withoutZeros moves the taps that have a weight to the front and counts them.
// The rest repeats the first, so that it touches no other row.
func withoutZeros(index []int32, weight []float32) int {
	n := 0
	for k, w := range weight {
		if w != 0 {
			index[n], weight[n] = index[k], w
			n++
		}
	}
	for k := n; k < len(index); k++ {
		index[k], weight[k] = index[0], 0
	}
	return n
}

// widen makes room for more taps a bin.
func (t *taps) widen(width int) {
	index, weight := make([]int32, t.bins*width), make([]float32, t.bins*width)
	for p := range t.bins {
		copy(index[p*width:], t.index[p*t.width:(p+1)*t.width])
		copy(weight[p*width:], t.weight[p*t.width:(p+1)*t.width])
	}
	t.index, t.weight, t.width = index, weight, width
}

// empty reports that no sample lies on the map.
func (t *taps) empty() bool { return t.width == 0 }

// compact lists the pixels that have taps, in order, and renumbers the taps to
// places in that list.
func (t *taps) compact() []int {
	list := make([]int, 0, len(t.index))
	for _, i := range t.index {
		list = append(list, int(i))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	for k, i := range t.index {
		place, _ := slices.BinarySearch(list, int(i))
		t.index[k] = int32(place)
	}
	return list
}

// along sums one row for every bin.
func (t *taps) along(dst, row []float32) {
	if t.width == 4 {
		t.alongFour(dst, row)
	} else {
		t.alongAny(dst, row)
	}
	for _, p := range t.nothing {
		dst[p] = 0
	}
}

func (t *taps) alongFour(dst, row []float32) {
	index, weight := t.index, t.weight
	for p := range dst {
		i, w := index[:4:4], weight[:4:4]
		index, weight = index[4:], weight[4:]
		dst[p] = (w[0]*row[i[0]] + w[1]*row[i[1]]) + (w[2]*row[i[2]] + w[3]*row[i[3]])
	}
}

func (t *taps) alongAny(dst, row []float32) {
	for p := range dst {
		index, weight := t.index[p*t.width:][:t.count[p]], t.weight[p*t.width:][:t.count[p]]
		var sum float32
		for k, i := range index {
			sum += weight[k] * row[i]
		}
		dst[p] = sum
	}
}

// across sums rows of n values for every bin.
func (t *taps) across(dst, rows []float32, n int) {
	if t.width == 4 {
		t.acrossFour(dst, rows, n)
	} else {
		t.acrossAny(dst, rows, n)
	}
	for _, p := range t.nothing {
		clear(dst[p*n : (p+1)*n])
	}
}

func (t *taps) acrossFour(dst, rows []float32, n int) {
	for p := range t.bins {
		i, w := t.index[4*p:4*p+4:4*p+4], t.weight[4*p:4*p+4:4*p+4]
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		out := dst[p*n : (p+1)*n]
		r0, r1 := rows[int(i[0])*n:][:len(out)], rows[int(i[1])*n:][:len(out)]
		r2, r3 := rows[int(i[2])*n:][:len(out)], rows[int(i[3])*n:][:len(out)]
		for q := range out {
			out[q] = (w0*r0[q] + w1*r1[q]) + (w2*r2[q] + w3*r3[q])
		}
	}
}

func (t *taps) acrossAny(dst, rows []float32, n int) {
	for p := range t.bins {
		out := dst[p*n : (p+1)*n]
		clear(out)
		for k, i := range t.index[p*t.width:][:t.count[p]] {
			w := t.weight[p*t.width+k]
			for q, v := range rows[int(i)*n:][:len(out)] {
				out[q] += w * v
			}
		}
	}
}
