package container

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(reftest.Testdata("video", name))
	require.NoError(t, err)
	return data
}

func TestTurn(t *testing.T) {
	for name, want := range map[string]Turn{
		"turn0.mp4": {}, "turn90.mp4": {Quarters: 1}, "turn180.mp4": {Quarters: 2}, "turn270.mp4": {Quarters: 3},
		"turn0.mov": {}, "turn90.mov": {Quarters: 1}, "turn180.mov": {Quarters: 2}, "turn270.mov": {Quarters: 3},
		"mirror0.mp4": {Mirror: true}, "mirror90.mp4": {Mirror: true, Quarters: 1},
		"roll90.mkv": {Quarters: 3}, "roll-90.mkv": {Quarters: 1}, "roll180.mkv": {Quarters: 2},
		"vfr_long.webm": {}, "vfr_live.mkv": {}, "vfr_fragments.mp4": {},
	} {
		data := load(t, name)
		f, err := Read(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err, name)
		assert.Equal(t, want, f.Turn, name)
	}
	for degrees, want := range map[float64]Turn{0: {}, 90: {Quarters: 1}, -90: {Quarters: 3}, 270: {Quarters: 3}, 180: {Quarters: 2}, -180: {Quarters: 2}, 360: {}, 45: {}, 100: {}} {
		assert.Equal(t, want, Degrees(degrees), "%v", degrees)
	}
	assert.Equal(t, Turn{}, turnOf(0, 0, 0, 0))
}

func TestTimes(t *testing.T) {
	long := []int{0, 40, 80, 120, 400, 440, 480, 1000, 1040, 1500, 1540, 2100}
	for name, want := range map[string][]int{
		"vfr_long.mp4": long, "vfr_long.mov": long, "vfr_long.mkv": long, "vfr_long.webm": long, "vfr_live.mkv": long,
		"vfr_fragments.mp4": long, "vfr_cut.mp4": {0, 40, 500, 540, 1100},
	} {
		data := load(t, name)
		f, err := Read(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err, name)
		list, err := f.Times(1 << 20)
		require.NoError(t, err, name)
		var got []int
		for _, v := range list {
			got = append(got, int(v.Round(time.Millisecond).Milliseconds()))
		}
		assert.Equal(t, want, got, name)
		some, err := f.Times(4)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(some), 4, name)
	}
}

// A file that is cut or lies tells what stands before that, or an error.
func TestDamage(t *testing.T) {
	for _, name := range []string{"vfr_long.mp4", "vfr_fragments.mp4", "vfr_long.mkv", "vfr_live.mkv"} {
		data := load(t, name)
		whole := -1
		for n := range len(data) {
			f, err := Read(bytes.NewReader(data[:n]), int64(n))
			if err != nil {
				require.ErrorIs(t, err, ErrFormat)
				continue
			}
			times, err := f.Times(1 << 20)
			if err != nil {
				require.ErrorIs(t, err, ErrFormat)
			}
			require.GreaterOrEqual(t, len(times), whole, "%s of %d bytes", name, n)
			whole = len(times)
		}
	}
	for name, data := range map[string]string{
		"empty": "", "short": "ftyp", "text": "this is no video at all", "AVI": "RIFF....AVI LIST",
		"huge box":  "\x00\x00\x00\x01moov\xff\xff\xff\xff\xff\xff\xff\xff",
		"small box": "\x00\x00\x00\x04moov", "no track": "\x00\x00\x00\x08moov",
		"no EBML": "\x1a\x45\xdf\xa3\x00", "no segment": "\x1a\x45\xdf\xa3\x80",
		"huge element": "\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe",
	} {
		_, err := Read(bytes.NewReader([]byte(data)), int64(len(data)))
		assert.ErrorIs(t, err, ErrFormat, name)
	}
	// A table of four thousand million frames takes no memory for them.
	data := load(t, "vfr_long.mp4")
	at := bytes.Index(data, []byte("stts")) + 4 + 8
	copy(data[at:], "\xff\xff\xff\xff\x00\x00\x00\x00")
	f, err := Read(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	times, err := f.Times(100)
	require.NoError(t, err)
	assert.NotEmpty(t, times)
	assert.LessOrEqual(t, len(times), 100)
}
