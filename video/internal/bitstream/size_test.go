package bitstream

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"image"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(reftest.Testdata("video", name))
	require.NoError(t, err)
	return data
}

// sizes are those that a scanner finds in packets.
func sizes(packets ...[]byte) (list []image.Point) {
	var s Scanner
	for _, p := range packets {
		if size, ok := s.Size(p); ok {
			list = append(list, size)
		}
	}
	return list
}

// cut takes a stream of start codes apart before each unit of a kind.
func cut(data []byte, kind func(byte) bool) (list [][]byte) {
	units(data, func(unit []byte) bool {
		if kind(unit[0]) || len(list) == 0 {
			list = append(list, nil)
		}
		last := &list[len(list)-1]
		*last = append(append(*last, 0, 0, 1), unit...)
		return true
	})
	return list
}

// blocks are the simple blocks of a Matroska fixture.
func blocks(data []byte) (list [][]byte) {
	for {
		at := bytes.Index(data, []byte{0xa3, 1, 0})
		if at < 0 {
			return list
		}
		n := int(binary.BigEndian.Uint64(data[at+1:]) & (1<<56 - 1))
		list = append(list, data[at+9+4:at+9+n])
		data = data[at+9+n:]
	}
}

func TestSize(t *testing.T) {
	small, tall, wide, odd := image.Pt(96, 64), image.Pt(64, 96), image.Pt(128, 64), image.Pt(130, 98)
	eight := func(p, q image.Point) (list []image.Point) {
		for i := range 16 {
			if i < 8 {
				list = append(list, p)
			} else {
				list = append(list, q)
			}
		}
		return list
	}
	for name, c := range map[string]struct {
		packets [][]byte
		want    []image.Point
	}{
		"h264":   {cut(read(t, "narrow.h264"), func(b byte) bool { return b&0x1f == 7 }), []image.Point{wide, small}},
		"h265":   {cut(read(t, "wide.h265"), func(b byte) bool { return b == 0x40 }), []image.Point{small, wide}},
		"mpeg4":  {cut(read(t, "mpeg4.m4v"), func(b byte) bool { return b == 0xb0 }), []image.Point{small, tall}},
		"vp8":    {blocks(read(t, "vp8.mkv")), []image.Point{small, tall}},
		"vp9":    {blocks(read(t, "vp9.mkv")), []image.Point{small, tall}},
		"mjpeg":  {blocks(read(t, "mjpeg.mkv")), eight(small, tall)},
		"mpeg2":  {[][]byte{unhex(t, "000001b30600402300000000"), unhex(t, "00000100aa"), unhex(t, "000001b30400602300000000")}, []image.Point{small, tall}},
		"av1":    {[][]byte{unhex(t, "12000a0a000000032dffcdaf900432cb0314002a000618a3"), unhex(t, "320100"), unhex(t, "12000a0a00000003b40e136be4013295061400250005147a")}, []image.Point{small, odd}},
		"fields": {[][]byte{unhex(t, "0000000167640015acd9464d8088000003000800000300a0f8a14cb00000000168fba3cb22c0")}, []image.Point{small}},
		"4:4:4 of 10 bits": {[][]byte{
			unhex(t, "0000000140010c01ffff0408000003009c0800000300001e959809000000014201010408000003009c0800000300001e900610209b2cacd24995e02d010000030001000003000a08"),
			unhex(t, "00000001"+"4201010408000003009c0800000300001e9002240d39e76cb2b349265780b404000003000400000300282000"),
		}, []image.Point{small, odd}},
		"vp9 of 10 bits":         {[][]byte{unhex(t, "b124c1a10000408030b041c120e0c2c0")}, []image.Point{odd}},
		"vp9 of RGB":             {[][]byte{unhex(t, "a2498342e0081006160038241c184a00")}, []image.Point{odd}},
		"mpeg4 without a header": {[][]byte{unhex(t, "000001b3001007000001b610c1000001200102030405060708090a"), unhex(t, "000001b3001047000001b610c1")}, nil},
		"text":                   {[][]byte{[]byte("no video"), nil, {0}, {0, 0, 1}}, nil},
	} {
		assert.Equal(t, c.want, sizes(c.packets...), name)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	data, err := hex.DecodeString(s)
	require.NoError(t, err)
	return data
}

// No packets make a scanner panic.
func FuzzSize(f *testing.F) {
	for _, name := range []string{"narrow.h264", "wide.h265", "mpeg4.m4v"} {
		f.Add(read(f, name)[:1000])
	}
	for _, name := range []string{"vp8.mkv", "vp9.mkv", "mjpeg.mkv"} {
		f.Add(blocks(read(f, name))[0])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Scanner
		if p, ok := s.Size(data); ok {
			require.Positive(t, p.X)
			require.Positive(t, p.Y)
			require.LessOrEqual(t, max(p.X, p.Y), 1<<17)
		}
		for _, codec := range []func([]byte) (image.Point, bool){h264, h265, mpeg2, mpeg4, vp8, vp9, av1, jpeg} {
			codec(data)
		}
	})
}
