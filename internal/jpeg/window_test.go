package jpeg

import (
	"image"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// crop is a window of a decoded picture.
func crop(pix []uint8, width int, w image.Rectangle) []uint8 {
	var out []uint8
	for y := w.Min.Y; y < w.Max.Y; y++ {
		out = append(out, pix[3*(y*width+w.Min.X):3*(y*width+w.Max.X)]...)
	}
	return out
}

// inStrips reads a started picture some rows at a time.
func inStrips(t *testing.T, d *Decoder, most func() int) []uint8 {
	w, _ := d.Size()
	var out []uint8
	for {
		strip := make([]uint8, 3*w*most()+1)
		n, err := d.Rows(strip)
		if err == io.EOF {
			require.Zero(t, n)
			return out
		}
		require.NoError(t, err)
		require.Positive(t, n)
		out = append(out, strip[:3*w*n]...)
	}
}

// A window has the pixels of the whole picture, in strips of any height.
func TestWindows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	files := fixtures(t)
	var d Decoder
	for _, name := range sortedNames(files) {
		if strings.HasPrefix(name, "size/") && rng.IntN(3) > 0 || testing.Short() && rng.IntN(4) > 0 {
			continue
		}
		for _, scale := range []int{1, 2, 4, 8} {
			o := Options{Scale: scale}
			whole, width, height, err := decode(&d, files[name], o)
			if err != nil {
				continue
			}
			for range 4 {
				x, y := rng.IntN(width), rng.IntN(height)
				o.Window = image.Rect(x, y, x+1+rng.IntN(width-x), y+1+rng.IntN(height-y))
				_, err := d.Start(files[name], o)
				require.NoError(t, err)
				got := inStrips(t, &d, func() int { return 1 + rng.IntN(20) })
				require.Equal(t, crop(whole, width, o.Window), got, "%s at 1/%d, %v of %dx%d", name, scale, o.Window, width, height)
			}
		}
	}
}

// What lies outside of a window costs no transform.
func TestWindowSkips(t *testing.T) {
	data := fixtures(t)["kind/noise-100-2x2"] // 48x40
	transformed := 0
	counting := portable
	counting.pair = func(q *pending) { transformed += q.count; pairPortable(q) }
	count := func(w image.Rectangle) int {
		var d Decoder
		_, err := d.Start(data, Options{Window: w})
		require.NoError(t, err)
		d.routines, transformed = &counting, 0
		inStrips(t, &d, func() int { return 100 })
		return transformed
	}
	assert.Equal(t, 30+2*9, count(image.Rectangle{})/2*2)
	// One block of luma, one of each colour, each row flushed.
	assert.LessOrEqual(t, count(image.Rect(2, 2, 6, 6)), 4)
	// The neighbours of the colours too.
	assert.LessOrEqual(t, count(image.Rect(14, 14, 18, 18)), 4+2*4+4)
}

func TestOptions(t *testing.T) {
	data := fixtures(t)["kind/45x37-grey"]
	var d Decoder
	_, err := d.Rows(nil)
	assert.ErrorIs(t, err, ErrOptions)
	for name, o := range map[string]Options{
		"scale 3":          {Scale: 3},
		"scale 16":         {Scale: 16},
		"outside":          {Window: image.Rect(0, 0, 46, 1)},
		"empty":            {Window: image.Rect(3, 3, 3, 4)},
		"outside of scale": {Scale: 2, Window: image.Rect(0, 0, 24, 1)},
	} {
		_, err := d.Start(data, o)
		assert.ErrorIs(t, err, ErrOptions, name)
		_, err = d.Rows(make([]uint8, 1000))
		assert.ErrorIs(t, err, ErrOptions, name)
	}
	_, err = d.Start(data, Options{MaxPixels: 45*37 - 1})
	assert.ErrorIs(t, err, ErrTooLarge)
	_, err = d.Start(data, Options{MaxPixels: 45 * 37})
	require.NoError(t, err)
	_, err = d.Rows(make([]uint8, 3*45-1))
	assert.ErrorIs(t, err, ErrOptions)
	n, err := d.Rows(make([]uint8, 3*45))
	assert.NoError(t, err)
	assert.Equal(t, 1, n)
}

// A decoder that has seen a picture allocates nothing for its like.
func TestAllocations(t *testing.T) {
	files := fixtures(t)
	var d Decoder
	pix := make([]uint8, 3*64*64)
	for _, name := range []string{"kind/restart1-2x2", "kind/progressive-2x2", "kind/planes-2x1", "kind/45x37-grey", "planes4/45x37-ycck", "bytes/no-tables"} {
		run := func() {
			if _, err := d.Start(files[name], Options{}); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Rows(pix); err != nil {
				t.Fatal(err)
			}
		}
		run()
		assert.Zero(t, testing.AllocsPerRun(10, run), name)
	}
}
