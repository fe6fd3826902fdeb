package video

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readAll gives the frames of a source, copied.
func readAll(t *testing.T, open Opener) ([]*Frame, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { require.NoError(t, s.Close()) }()
	var list []*Frame
	for {
		f, err := s.Read(ctx)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		list = append(list, f.Clone())
		f.Close()
	}
}

func writePNG(t *testing.T, path string, grey uint8) {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 4, 3))
	for i := range m.Pix {
		m.Pix[i] = grey
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
}

func TestImages(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []int{1, 2, 9, 10, 11} {
		writePNG(t, filepath.Join(dir, fmt.Sprintf("f%d.png", n)), uint8(n))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644))
	for name, c := range map[string]struct {
		open Opener
		want []uint8
	}{
		"folder":   {Images(dir, 10), []uint8{1, 2, 9, 10, 11}},
		"glob":     {Images(filepath.Join(dir, "f1*.png"), 10), []uint8{1, 10, 11}},
		"file":     {Images(filepath.Join(dir, "f9.png"), 10), []uint8{9}},
		"sequence": {Sequence(filepath.Join(dir, "f%d.png"), 9, 10), []uint8{9, 10, 11}},
	} {
		list, err := readAll(t, c.open)
		require.NoError(t, err, name)
		require.Len(t, list, len(c.want), name)
		for i, f := range list {
			assert.Equal(t, c.want[i], f.Pix[0], name)
			assert.EqualValues(t, i, f.Index)
			assert.Equal(t, time.Duration(i)*100*time.Millisecond, f.PTS)
		}
	}
	bad := filepath.Join(dir, "f3.png")
	require.NoError(t, os.WriteFile(bad, []byte("x"), 0o644))
	list, err := readAll(t, Images(dir, 0))
	require.ErrorIs(t, err, ErrSource)
	assert.ErrorContains(t, err, bad)
	assert.Len(t, list, 2, "what is before the damaged picture")
	for name, open := range map[string]Opener{
		"missing":   Images(filepath.Join(dir, "none"), 0),
		"no match":  Images(filepath.Join(dir, "*.jpg"), 0),
		"bad glob":  Images(filepath.Join(dir, "[*.jpg"), 0),
		"first":     Sequence(filepath.Join(dir, "f%d.png"), 50, 0),
		"fps":       Images(dir, -1),
		"no verb":   Sequence(dir, 0, 0),
		"two verbs": Sequence("%d%d", 0, 0),
		"text verb": Sequence("%s", 0, 0),
	} {
		_, err := readAll(t, open)
		assert.True(t, errors.Is(err, ErrSource) || errors.Is(err, ErrConfig), "%s: %v", name, err)
	}
}

// Start, end, stride, rate, loop and region, alone and together.
func TestSelect(t *testing.T) {
	src := &synthetic{n: 50}
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for name, c := range map[string]struct {
		s    Selection
		want []int64
	}{
		"all":           {Selection{End: ms(200)}, []int64{0, 1, 2, 3, 4}},
		"start":         {Selection{Start: ms(1900)}, []int64{48, 49}},
		"stride":        {Selection{Stride: 20}, []int64{0, 20, 40}},
		"rate":          {Selection{FPS: 2.5}, []int64{0, 10, 20, 30, 40}},
		"odd rate":      {Selection{FPS: 10, End: ms(600)}, []int64{0, 3, 5, 8, 10, 13}},
		"faster":        {Selection{FPS: 100, End: ms(120)}, []int64{0, 1, 2}},
		"stride, start": {Selection{Start: ms(1000), Stride: 10}, []int64{25, 35, 45}},
	} {
		list, err := readAll(t, func(ctx context.Context) (Source, error) { return Select(ctx, src.opener(), c.s) })
		require.NoError(t, err, name)
		var got []int64
		for _, f := range list {
			got = append(got, f.Index)
			assert.EqualValues(t, f.Index, f.Pix[0])
		}
		assert.Equal(t, c.want, got, name)
	}
	s, err := Select(context.Background(), (&synthetic{n: 3}).opener(), Selection{Loop: true, ROI: image.Rect(0, 2, 5, 6)})
	require.NoError(t, err)
	last := -time.Second
	for i := range 10 {
		f, err := s.Read(context.Background())
		require.NoError(t, err)
		assert.EqualValues(t, i, f.Index)
		assert.Greater(t, f.PTS, last)
		last = f.PTS
		assert.Equal(t, image.Pt(0, 2), f.Origin)
		assert.Equal(t, image.Rect(0, 0, 5, 4), f.Bounds())
		f.Close()
	}
	require.NoError(t, s.Close())
	_, err = s.Read(context.Background())
	require.ErrorIs(t, err, ErrSource)
	// A loop over nothing ends.
	list, err := readAll(t, func(ctx context.Context) (Source, error) {
		return Select(ctx, src.opener(), Selection{Loop: true, Start: time.Hour})
	})
	require.NoError(t, err)
	assert.Empty(t, list)
	assert.EqualValues(t, 5, Selection{Stride: 5, Start: time.Second}.info(Info{FPS: 25, Frames: 50}).Frames)
}

func TestRaw(t *testing.T) {
	data := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	for _, c := range []struct {
		o     RawOptions
		want  color.RGBA // of the second frame's first pixel
		count int
	}{
		{RawOptions{Width: 2, Height: 1}, color.RGBA{7, 8, 9, 255}, 2},
		{RawOptions{Width: 2, Height: 1, Format: BGR24}, color.RGBA{9, 8, 7, 255}, 2},
		{RawOptions{Width: 2, Height: 2, Format: Gray8}, color.RGBA{5, 5, 5, 255}, 3},
	} {
		list, err := readAll(t, Raw(bytes.NewReader(data), c.o))
		require.NoError(t, err)
		require.Len(t, list, c.count)
		assert.Equal(t, c.want, list[1].At(0, 0))
	}
	list, err := readAll(t, Raw(bytes.NewReader(data[:11]), RawOptions{Width: 2, Height: 1}))
	require.ErrorIs(t, err, ErrSource)
	assert.ErrorContains(t, err, "inside a frame")
	assert.Len(t, list, 1)
	for _, o := range []RawOptions{{}, {Width: 1 << 30, Height: 1 << 30}, {Width: 1, Height: 1, Format: "yuv"}, {Width: 1, Height: 1, FPS: -1}} {
		_, err := readAll(t, Raw(bytes.NewReader(data), o))
		require.ErrorIs(t, err, ErrConfig)
	}
	open := Raw(bytes.NewReader(data), RawOptions{Width: 1, Height: 1})
	_, err = readAll(t, open)
	require.NoError(t, err)
	_, err = readAll(t, open)
	require.ErrorIs(t, err, ErrSource, "a stream is read once")
}

// A pipe that gives nothing does not hold up the context.
func TestRawIsCancelled(t *testing.T) {
	r, w := io.Pipe()
	s, err := Raw(r, RawOptions{Width: 1, Height: 1})(context.Background())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = s.Read(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err = w.Write([]byte{1})
	require.Error(t, err, "the pipe is closed")
}

// Colours of a stream are those of BT.601: black, white, and the primaries
// that ffmpeg's test picture has.
func TestY4M(t *testing.T) {
	stream := func(header string, planes ...byte) io.Reader {
		return bytes.NewReader(append([]byte(header+"\nFRAME\n"), planes...))
	}
	for name, c := range map[string]struct {
		in   io.Reader
		want [][3]uint8
	}{
		"444":       {stream("YUV4MPEG2 W3 H1 F25:1 C444", 16, 235, 81, 128, 128, 90, 128, 128, 240), [][3]uint8{{0, 0, 0}, {255, 255, 255}, {254, 0, 0}}},
		"422":       {stream("YUV4MPEG2 W3 H1 C422", 16, 235, 145, 128, 54, 128, 34), [][3]uint8{{0, 0, 0}, {255, 255, 255}, {0, 255, 1}}},
		"420":       {stream("YUV4MPEG2 W2 H2 F30000:1001 Ip C420jpeg XYSCSS=420JPEG", 41, 41, 41, 41, 240, 110), [][3]uint8{{0, 0, 255}, {0, 0, 255}, {0, 0, 255}, {0, 0, 255}}},
		"411":       {stream("YUV4MPEG2 W5 H1 C411", 81, 81, 81, 81, 145, 90, 54, 240, 34), [][3]uint8{{254, 0, 0}, {254, 0, 0}, {254, 0, 0}, {254, 0, 0}, {0, 255, 1}}},
		"10 bits":   {stream("YUV4MPEG2 W2 H1 Cmono10", 64, 0, 235*4%256, 235*4/256), [][3]uint8{{0, 0, 0}, {255, 255, 255}}},
		"full 16":   {stream("YUV4MPEG2 W2 H1 Cmono16 XCOLORRANGE=FULL", 0, 0, 255, 255), [][3]uint8{{0, 0, 0}, {255, 255, 255}}},
		"grey":      {stream("YUV4MPEG2 W2 H1 Cmono", 16, 126), [][3]uint8{{0, 0, 0}, {128, 128, 128}}},
		"full":      {stream("YUV4MPEG2 W2 H1 Cmono XCOLORRANGE=FULL", 0, 200), [][3]uint8{{0, 0, 0}, {200, 200, 200}}},
		"frame tag": {bytes.NewReader([]byte("YUV4MPEG2 W1 H1 Cmono\nFRAME Ip\n\x10")), [][3]uint8{{0, 0, 0}}},
	} {
		list, err := readAll(t, Y4M(c.in))
		require.NoError(t, err, name)
		require.Len(t, list, 1, name)
		for i, want := range c.want {
			for ch := range 3 {
				assert.InDelta(t, want[ch], list[0].Pix[3*i+ch], 1, "%s, pixel %d: %v", name, i, list[0].Pix)
			}
		}
	}
	for name, text := range map[string]string{
		"empty": "", "no y4m": "RIFF....\n", "endless": string(make([]byte, 5000)), "no size": "YUV4MPEG2 C444\n",
		"huge": "YUV4MPEG2 W99999999 H99999999\n", "deep": "YUV4MPEG2 W1 H1 C420p17\n", "shallow": "YUV4MPEG2 W1 H1 C420p8\n", "4:1:0": "YUV4MPEG2 W1 H1 C410\n", "field": "YUV4MPEG2 W1 H1 Ix\n",
		"cut": "YUV4MPEG2 W4 H4\nFRAME\nxx", "no frame": "YUV4MPEG2 W1 H1\nFRAM\nxxx", "half a line": "YUV4MPEG2 W1 H1\nFRA", "header alone": "YUV4MPEG2 W1",
	} {
		_, err := readAll(t, Y4M(bytes.NewReader([]byte(text))))
		assert.ErrorIs(t, err, ErrSource, name)
	}
}

// No stream makes the reader panic or take memory for frames that do not come.
func FuzzY4M(f *testing.F) {
	f.Add([]byte("YUV4MPEG2 W2 H2 F30000:1001 Ip C420jpeg\nFRAME\n123456FRAME\n123456"))
	f.Add([]byte("YUV4MPEG2 W5 H3 Im C411\nFRAME Iiii\n" + string(make([]byte, 27))))
	f.Add([]byte("YUV4MPEG2 W3 H3 It C420p10\nFRAME\n" + string(make([]byte, 34))))
	f.Add([]byte("YUV4MPEG2 W3 H1 F0:0 C444 XCOLORRANGE=FULL\nFRAME X\n123456789"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Y4M(bytes.NewReader(data))(context.Background())
		if err != nil {
			require.ErrorIs(t, err, ErrSource)
			return
		}
		defer func() { require.NoError(t, s.Close()) }()
		if i := s.Info(); i.Width*i.Height > 1<<20 {
			return
		}
		for {
			frame, err := s.Read(context.Background())
			if err != nil {
				return
			}
			require.Len(t, frame.Pix, 3*frame.Width*frame.Height)
			frame.Close()
		}
	})
}

func TestFrame(t *testing.T) {
	for _, c := range [][4]int{{0, 1, 3, 3}, {1, -1, 3, 3}, {2, 1, 5, 6}, {2, 2, 6, 11}, {1 << 30, 1 << 30, 3, 3}, {1, 2, 1 << 30, 6}} {
		_, err := NewFrame(c[0], c[1], c[2], RGB, make([]uint8, c[3]), nil)
		assert.ErrorIs(t, err, ErrFrame, "%v", c)
	}
	_, err := NewFrame(1, 1, 3, 7, make([]uint8, 3), nil)
	require.ErrorIs(t, err, ErrFrame)
	closed := 0
	f, err := NewFrame(2, 2, 8, BGR, []uint8{1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12}, func() { closed++ })
	require.NoError(t, err)
	m, err := f.RGB()
	require.NoError(t, err)
	assert.Equal(t, []uint8{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10}, m.Pix)
	assert.Equal(t, []uint8{3, 2, 1, 255, 6, 5, 4, 255, 9, 8, 7, 255, 12, 11, 10, 255}, f.rgba(nil).Pix)
	c := f.Clone()
	f.Close()
	f.Close()
	assert.Equal(t, 1, closed)
	assert.Equal(t, color.RGBA{6, 5, 4, 255}, c.At(1, 0))
	c.Set(1, 0, color.White)
	c.Set(5, 5, color.White)
	assert.Equal(t, color.RGBA{255, 255, 255, 255}, c.At(1, 0))
	assert.Equal(t, color.RGBA{A: 255}, c.At(-1, 0))
}
