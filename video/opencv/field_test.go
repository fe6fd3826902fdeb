//go:build cgo

package opencv

import (
	"context"
	"fmt"
	"image"
	"io"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/video"
	"github.com/vertebra-vision/vertebra/video/internal/container"
)

// everyFrame copies the frames of a file up to its end or an error.
func everyFrame(t testing.TB, path string) (list []*video.Frame, err error) {
	t.Helper()
	s, err := File(path)(context.Background())
	require.NoError(t, err, path)
	defer func() { require.NoError(t, s.Close()) }()
	for {
		f, err := s.Read(context.Background())
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		assert.Less(t, time.Since(f.Captured), time.Second)
		list = append(list, f.Clone())
		f.Close()
	}
}

// mean is the colour of the pixels around a point, r, g, b.
func mean(f *video.Frame, at image.Point) (sum [3]int) {
	for y := -2; y <= 2; y++ {
		for x := -2; x <= 2; x++ {
			r, g, b, _ := f.At(at.X+x, at.Y+y).RGBA()
			sum[0], sum[1], sum[2] = sum[0]+int(r>>8), sum[1]+int(g>>8), sum[2]+int(b>>8)
		}
	}
	return [3]int{sum[0] / 25, sum[1] / 25, sum[2] / 25}
}

// corners names the colours of a fixture's corners, clockwise from the upper left.
func corners(f *video.Frame) (names string) {
	for _, p := range []image.Point{{6, 6}, {f.Width - 7, 6}, {f.Width - 7, f.Height - 7}, {6, f.Height - 7}} {
		c := mean(f, p)
		for i, name := range "RGB" {
			if c[i] > 128 {
				names += string(name)
			}
		}
		names += " "
	}
	return names
}

// numberOf reads the stripes of a fixture, whose picture is stored upright.
func numberOf(f *video.Frame) (n int) {
	for bit := range 8 {
		n *= 2
		if c := mean(f, image.Pt((2*bit+1)*f.Width/16, f.Height/2)); c[0]+c[1]+c[2] > 3*128 {
			n++
		}
	}
	return n
}

// Pictures are turned as their file says, whichever way OpenCV would turn them.
func TestUpright(t *testing.T) {
	for name, want := range map[string]string{
		"turn0.mp4": "R G RGB B ", "turn0.mov": "R G RGB B ",
		"turn90.mp4": "B R G RGB ", "turn90.mov": "B R G RGB ",
		"turn180.mp4": "RGB B R G ", "turn180.mov": "RGB B R G ",
		"turn270.mp4": "G RGB B R ", "turn270.mov": "G RGB B R ",
		"mirror0.mp4": "G R B RGB ", "mirror90.mp4": "RGB G R B ",
		"roll-90.mkv": "B R G RGB ", "roll90.mkv": "G RGB B R ", "roll180.mkv": "RGB B R G ",
	} {
		path := reftest.Testdata("video", name)
		list, err := everyFrame(t, path)
		require.NoError(t, err, name)
		require.NotEmpty(t, list, name)
		s, err := File(path)(context.Background())
		require.NoError(t, err)
		for _, f := range list {
			require.Equal(t, want, corners(f), name)
			require.Equal(t, s.Info().Width, f.Width, name)
			require.Equal(t, s.Info().Height, f.Height, name)
		}
		require.NoError(t, s.Close())
	}
	list, err := everyFrame(t, reftest.Case(t, "video", "rot90.mp4"))
	require.NoError(t, err)
	require.Len(t, list, 10)
	for _, f := range list {
		require.Equal(t, image.Rect(0, 0, 64, 96), f.Bounds())
		assert.Greater(t, mean(f, image.Pt(14, 21))[0], 200, "red is at the top")
		assert.Less(t, mean(f, image.Pt(14, 21))[1], 60)
		assert.Less(t, mean(f, image.Pt(32, 76))[0], 60, "cyan is at the bottom")
	}
}

// What OpenCV itself says of the orientation serves where the container is not
// known. The file's own matrix proves its sign, on every version.
func TestOrientationOfOpenCV(t *testing.T) {
	for _, angle := range []int{0, 90, 180, 270} {
		vc, err := gocv.VideoCaptureFile(reftest.Testdata("video", fmt.Sprintf("turn%d.mp4", angle)))
		require.NoError(t, err)
		assert.Equal(t, container.Turn{Quarters: angle / 90}, turnOf(vc, nil), "%d degrees, OpenCV %s", angle, gocv.OpenCVVersion())
		require.NoError(t, vc.Close())
	}
	assert.Equal(t, -90.0, clockwise(90, "4.6.0"))
	assert.Equal(t, -90.0, clockwise(90, "4.6"))
	for _, version := range []string{"4.5.5", "4.7.0", "4.12.0", "4.60.0", "5.0.0-pre"} {
		assert.Equal(t, 90.0, clockwise(90, version), version)
	}
}

func milliseconds(list ...int) (times []time.Duration) {
	for _, ms := range list {
		times = append(times, time.Duration(ms)*time.Millisecond)
	}
	return times
}

// Frames have the times of their container, up to the last one.
func TestVariableRate(t *testing.T) {
	long := milliseconds(0, 40, 80, 120, 400, 440, 480, 1000, 1040, 1500, 1540, 2100)
	for name, c := range map[string]struct {
		want []time.Duration
		rate float64
	}{
		"vfr_long.mp4": {long, 25}, "vfr_long.mov": {long, 25}, "vfr_long.mkv": {long, 25}, "vfr_long.webm": {long, 25},
		"vfr_fragments.mp4": {long, 25}, "vfr_live.mkv": {long, 25}, "vfr_cut.mp4": {milliseconds(0, 40, 500, 540, 1100), 25},
	} {
		check(t, reftest.Testdata("video", name), c.want, c.rate, 12-len(c.want))
	}
	for i := range 8 { // constant, which is a kind of variable
		long[i] = time.Duration(i) * 100 * time.Millisecond
	}
	check(t, reftest.Testdata("video", "turn0.mp4"), long[:8], 10, 0)
	check(t, reftest.Case(t, "video", "vfr.mp4"), milliseconds(0, 100, 200, 300, 400, 600, 900, 1200, 1500, 1800), 10, -1)
}

// check compares a file's times, and its numbers where a first one is given.
func check(t *testing.T, path string, want []time.Duration, rate float64, first int) {
	t.Helper()
	list, err := everyFrame(t, path)
	require.NoError(t, err)
	var got []time.Duration
	for i, f := range list {
		got = append(got, f.PTS.Round(time.Millisecond))
		assert.EqualValues(t, i, f.Index)
		assert.InDelta(t, rate, f.Rate, 1e-3, path)
		if first >= 0 {
			assert.Equal(t, first+i, numberOf(f), path)
		}
	}
	assert.Equal(t, want, got, path)
}

// Going to a time in a file of variable rate gives that time's frames.
func TestSeekVariableRate(t *testing.T) {
	for _, name := range []string{"vfr_long.mp4", "vfr_long.mkv"} {
		s, err := video.Select(context.Background(), File(reftest.Testdata("video", name)), video.Selection{Start: 460 * time.Millisecond})
		require.NoError(t, err)
		f, err := s.Read(context.Background())
		require.NoError(t, err)
		assert.Equal(t, 480*time.Millisecond, f.PTS)
		assert.EqualValues(t, 6, f.Index)
		assert.Equal(t, 6, numberOf(f))
		f.Close()
		require.NoError(t, s.Close())
	}
}

// Where the size changes, all frames that are read are right, and the error says
// what is not.
func TestSizeChanges(t *testing.T) {
	defer func(n int64) { lead = n }(lead)
	for _, lead = range []int64{lead, 7} {
		for name, c := range map[string]string{
			"grow.ts": "96x64 to 128x96", "shrink.ts": "128x96 to 96x64", "narrow.h264": "128x64 to 96x64", "wide.h265": "96x64 to 128x64",
			"mpeg2.ts": "96x64 to 64x96", "mpeg4.m4v": "96x64 to 64x96", "vp8.mkv": "96x64 to 64x96", "vp9.mkv": "96x64 to 64x96", "mjpeg.mkv": "96x64 to 64x96",
		} {
			list, err := everyFrame(t, reftest.Testdata("video", name))
			require.ErrorIs(t, err, video.ErrSource, name)
			assert.ErrorContains(t, err, "near frame 8 the picture's size changes from "+c, name)
			assert.Len(t, list, max(0, int(8-lead)), name)
			for i, f := range list {
				assert.Equal(t, i, numberOf(f), name)
			}
		}
	}
}

func TestSizeChangesInTheField(t *testing.T) {
	path := reftest.Case(t, "video", "change4.ts")
	jsonl := filepath.Join(t.TempDir(), "out.jsonl")
	_, err := runPipeline(t, video.Config{Inputs: []video.Input{{Open: File(path)}}, Model: cifar(t), Outputs: []video.Output{video.JSONL(jsonl)}})
	require.ErrorContains(t, err, "near frame 40 the picture's size changes from 96x64 to 64x96")
	assert.Len(t, records(t, jsonl), max(0, 40-int(lead)), "frames before it are finished")
	list, err := everyFrame(t, path)
	require.Error(t, err)
	for i := 1; i < len(list); i++ {
		assert.NotEqual(t, list[i-1].Pix, list[i].Pix, "frame %d is repeated", i)
	}
}

// A change that lies before the start of a selection ends it too: OpenCV's
// pictures after it are wrong from their first one on.
func TestSizeChangesBeforeTheStart(t *testing.T) {
	s, err := video.Select(context.Background(), File(reftest.Testdata("video", "vp8.mkv")), video.Selection{Start: 1200 * time.Millisecond})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	_, err = s.Read(context.Background())
	require.ErrorContains(t, err, "size changes")
}

// The copy of a file of variable rate shows each picture at its time and lasts as
// long, and the log says how.
func TestWriterKeepsTheDuration(t *testing.T) {
	for _, name := range []string{"vfr_long.mp4", "vfr_live.mkv", "turn0.mp4"} {
		path := reftest.Testdata("video", name)
		list, err := everyFrame(t, path)
		require.NoError(t, err)
		out := filepath.Join(t.TempDir(), "out.avi")
		var log strings.Builder
		_, err = runPipeline(t, video.Config{
			Inputs: []video.Input{{Open: File(path)}}, Model: cifar(t), Log: slog.New(slog.NewTextHandler(&log, nil)),
			Outputs: []video.Output{Writer(out, video.WriterOptions{})},
		})
		require.NoError(t, err)
		copied, err := everyFrame(t, out)
		require.NoError(t, err)
		last := list[len(list)-1]
		assert.InDelta(t, last.PTS.Seconds(), copied[len(copied)-1].PTS.Seconds(), 0.5/last.Rate+1e-3, name)
		for _, f := range list {
			k := int(math.Round(f.PTS.Seconds() * f.Rate))
			assert.Equal(t, numberOf(f), numberOf(copied[k]), "%s: picture %d", name, k)
		}
		note := fmt.Sprintf("out.avi has a constant rate of 25 frames a second: %d of its 54 pictures are repeated to keep the duration", 54-12)
		assert.Equal(t, name != "turn0.mp4", strings.Contains(log.String(), note), log.String())
		// At a rate of the user's own each frame is there once.
		_, err = runPipeline(t, video.Config{
			Inputs: []video.Input{{Open: File(path)}}, Model: cifar(t),
			Outputs: []video.Output{Writer(out, video.WriterOptions{FPS: 5})},
		})
		require.NoError(t, err)
		assert.Equal(t, len(list), count(t, out), name)
	}
}

func TestPace(t *testing.T) {
	p := pace{fps: 10}
	holds := func(ms ...int) (list []int) {
		for _, v := range ms {
			n := p.hold(time.Duration(v) * time.Millisecond)
			p.written += n + 1
			list = append(list, n)
		}
		return list
	}
	assert.Equal(t, []int{0, 0, 0, 0}, holds(500, 602, 699, 800), "a time that is not quite the rate's repeats nothing")
	assert.Empty(t, p.note())
	assert.Equal(t, []int{1, 0, 0}, holds(1000, 1010, 1020), "frames that come fast are kept")
	assert.Equal(t, []int{0, 0, 1}, holds(1200, 1300, 1600), "and the time is made good")
	assert.Equal(t, []int{6000}, holds(3_600_000+1600), "a picture is held for ten minutes, not for an hour")
	assert.Equal(t, []int{0}, holds(3_600_000+1700))
	assert.Equal(t, "has a constant rate of 10 frames a second: 6002 of its 6014 pictures are repeated to keep the duration, 4 came faster than that and are shown later, 50m0s without a frame are left out", p.note())
	p = pace{fps: 10, free: true}
	assert.Equal(t, []int{0, 0, 0}, holds(0, 10000, 10))
}

func TestVariableRateOf(t *testing.T) {
	for name, c := range map[string]struct {
		times []time.Duration
		want  float64
	}{
		"none": {nil, 0}, "one step": {milliseconds(0, 100), 0}, "constant": {milliseconds(0, 100, 200, 300), 0},
		"rounded":  {milliseconds(0, 33, 67, 100, 133, 167, 200), 0},
		"two":      {milliseconds(0, 40, 80, 500, 540), 25},
		"jitter":   {milliseconds(0, 33, 66, 100, 133, 266, 300), 30},
		"fast":     {milliseconds(0, 2, 4, 500), 240},
		"at once":  {milliseconds(0, 0, 0, 40, 80, 500), 25},
		"standing": {milliseconds(0, 0, 0, 0), 0},
	} {
		assert.InDelta(t, c.want, variableRate(c.times), 0.5, name)
	}
}
