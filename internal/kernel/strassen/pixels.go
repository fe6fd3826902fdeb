package strassen

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/transformed"
)

// An item of Strassen's algorithm is a pixel of each part of a band of an image.
// The parts are stretches of the same length, so that transforms read and write
// whole vectors; the last may end outside the image. A chunk is a band where it is
// less than an image: it reads and writes pixels that lie together, as the tasks
// of other convolutions do.
//
// Which pixels make an item decides how its sums are rounded. So bands depend on
// the picture alone, not on how many there are or how many workers share them.

// mostParts is how many two levels have.
const mostParts = 4

// items is how many items an image has that is one band.
func (l Levels) items(s kernel.ConvSpec) int {
	return kernel.CeilDiv(s.Out.Plane(), l.parts())
}

// usualWorkers are those for which bands are cut. More of them share the panels.
const usualWorkers = 2

// cut makes bands of an image, and tasks of all images.
func (k *strassen) cut(c transformed.Cutting) {
	workers := c.Workers
	c.Workers = usualWorkers
	k.bands, k.perBand = 1, k.levels.items(k.ConvSpec)
	k.Items = k.perBand
	k.Cut(c)
	if k.Chunks > 1 {
		k.perBand = kernel.CeilDiv(kernel.CeilDiv(k.Out.Plane(), k.Chunks), k.levels.parts())
		k.bands = kernel.CeilDiv(k.Out.Plane(), k.perBand*k.levels.parts())
	}
	c.Workers = workers
	k.Items = k.perBand * k.bands * k.Out.N
	if k.bands > 1 {
		k.CutInto(c, k.bands*k.Out.N)
	} else {
		k.Cut(c)
	}
}

// itemRun is some items whose pixels lie in one row in each part.
type itemRun struct {
	image  int
	at     [mostParts]int // the first pixel in each part
	inside int            // parts whose pixels lie inside
	n      int
	last   bool // of the image
}

// run is the longest run of items from one of the batch on, of up to n.
func (k *strassen) run(i, n int) itemRun {
	band, item := i/k.perBand, i%k.perBand
	r := itemRun{image: band / k.bands, n: min(n, k.perBand-item)}
	band %= k.bands
	for part := range k.levels.parts() {
		at := item + (band*k.levels.parts()+part)*k.perBand
		if at >= k.Out.Plane() {
			r.n = 1 // what stands for pixels outside is one
			break
		}
		r.at[part], r.inside = at, part+1
		r.n = min(r.n, k.Out.Plane()-at, k.Out.W-at%k.Out.W)
	}
	r.last = band == k.bands-1 && item+r.n == k.perBand
	return r
}

// quarters is the number of them that a level makes. They are counted by the
// half of the pixels, then by that of the channels.
const quarters = 4

// part finds a part, of pixels or of channels, from the halves at both levels.
func (k *strassen) part(outer, inner int) int {
	if k.levels == Two {
		return 2*outer + inner
	}
	return outer
}
