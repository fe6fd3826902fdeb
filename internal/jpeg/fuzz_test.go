package jpeg

import (
	"bytes"
	stdjpeg "image/jpeg"
	"testing"
)

// No input panics, takes more than its header allows within the limit, or gives
// other pixels with another instruction set. What image/jpeg reads has the same
// size here.
func FuzzDecode(f *testing.F) {
	files := fixtures(f)
	for i, name := range sortedNames(files) {
		if i%4 == 0 {
			f.Add(files[name], uint8(i))
		}
	}
	const most = 1 << 16
	f.Fuzz(func(t *testing.T, data []byte, what uint8) {
		o := Options{MaxPixels: most, Scale: 1 << (what & 3), Partial: what&4 != 0}
		var d Decoder
		pix, w, h, err := decode(&d, data, o)
		if err != nil {
			return
		}
		if w*h > most || d.RealRows() > h || d.damage == nil && d.RealRows() < h {
			t.Fatalf("%dx%d with %d real rows: %v", w, h, d.RealRows(), d.damage)
		}
		if config, err := stdjpeg.DecodeConfig(bytes.NewReader(data)); err == nil && o.Scale == 1 && (config.Width != w || config.Height != h) {
			t.Fatalf("%dx%d, image/jpeg says %dx%d", w, h, config.Width, config.Height)
		}
		if _, err := d.Start(data, o); err != nil {
			t.Fatal(err)
		}
		d.routines = &portable
		again := make([]uint8, len(pix))
		if n, err := d.Rows(again); err != nil || n != h {
			t.Fatal(n, err)
		}
		if !bytes.Equal(pix, again) {
			t.Fatal("the portable form gives other pixels")
		}
	})
}
