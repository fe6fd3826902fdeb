package video

import (
	"hash/maphash"
	"time"
)

// still tells how long a picture has stayed the same, by a hash of its pixels.
type still struct {
	seed  maphash.Seed
	sum   uint64
	begin time.Time // zero before the first picture
}

// since is the time from when the picture of this frame was there first.
func (s *still) since(f *Frame, now time.Time) time.Duration {
	var h maphash.Hash
	if s.begin.IsZero() {
		s.seed = maphash.MakeSeed()
	}
	h.SetSeed(s.seed)
	for y := range f.Height {
		_, _ = h.Write(f.Row(y))
	}
	if sum := h.Sum64(); sum != s.sum || s.begin.IsZero() {
		s.sum, s.begin = sum, now
	}
	return now.Sub(s.begin)
}
