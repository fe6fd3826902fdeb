package video

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// Every layout that ffmpeg writes has ffmpeg's pixels, with chroma repeated as
// here.
func TestY4MEqualsFFmpeg(t *testing.T) {
	for _, name := range []string{"420", "411", "420p10", "422p12", "444p16", "444alpha", "mono10", "420_top", "420p10_bottom"} {
		in, err := os.Open(reftest.Testdata("video", name+".y4m"))
		require.NoError(t, err)
		want, err := os.ReadFile(reftest.Testdata("video", name+".rgb"))
		require.NoError(t, err)
		list, err := readAll(t, Y4M(in))
		require.NoError(t, err, name)
		require.Len(t, list, 2, name)
		assert.Equal(t, 100*time.Millisecond, list[1].PTS)
		worst, sum, n := 0, 0, 0
		for i, f := range list {
			ours := want[i*len(want)/2:][:len(want)/2]
			require.Len(t, f.Pix, len(ours), name)
			for k, v := range f.Pix {
				d := int(v) - int(ours[k])
				worst, sum, n = max(worst, d, -d), sum+d, n+1
			}
		}
		t.Logf("%s: largest difference %d, mean %.3f", name, worst, float64(sum)/float64(n))
		assert.LessOrEqual(t, worst, 2, name)
	}
}

// A mixed stream says of each frame to what its chroma belongs; the second line of
// a frame tells.
func TestY4MFields(t *testing.T) {
	// Chroma of four lines: red, then grey.
	planes := string([]byte{128, 128, 128, 128, 128, 128, 128, 128, 90, 128, 240, 128})
	for header, red := range map[string][4]bool{
		"Ip\nFRAME":           {true, true, false, false},
		"It\nFRAME":           {true, false, true, false},
		"Ib\nFRAME":           {true, false, true, false},
		"Im\nFRAME Itii":      {true, false, true, false},
		"Im\nFRAME Itip XY=1": {true, true, false, false},
		"Im\nFRAME":           {true, true, false, false},
		"I?\nFRAME":           {true, true, false, false},
	} {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		_, err = w.WriteString("YUV4MPEG2 W2 H4 C420 " + header + "\n" + planes)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		list, err := readAll(t, Y4M(r))
		require.NoError(t, err, header)
		require.Len(t, list, 1)
		for y, want := range red {
			assert.Equal(t, want, list[0].Row(y)[0] > 200, "%q, line %d", header, y)
		}
	}
}
