package transform

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// source is the image that testdata/gen/transform_fixtures.py makes under the
// same name.
func source(t *testing.T, name string, w, h int) *RGB {
	t.Helper()
	m, err := NewRGB(w, h)
	require.NoError(t, err)
	values := make([]float32, len(m.Pix))
	reftest.Fill(name, values, 0, 256)
	for i, v := range values {
		m.Pix[i] = uint8(v)
	}
	return m
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(reftest.Testdata("transform", file))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, v))
}

func readBytes(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(reftest.Testdata("transform", file))
	require.NoError(t, err)
	return data
}

// Resizing and cropping are Pillow's and torchvision's, to the bit.
func TestResizeFixtures(t *testing.T) {
	var cases []struct {
		Kind, Name string
		Mode       Interpolation
		From, To   [2]int
	}
	readJSON(t, "resize.json", &cases)
	want := readBytes(t, "resize.bin")
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			img := source(t, c.Name, c.From[0], c.From[1])
			var got *RGB
			var err error
			switch c.Kind {
			case "resize":
				got, err = Resize(img, c.To[0], c.To[1], c.Mode)
			case "preset":
				got, err = Classification{Resize: c.To[0], Crop: c.To[1]}.Pixels(img)
			case "crop":
				got, err = CenterCrop(img, c.To[0], c.To[1])
			}
			require.NoError(t, err)
			require.LessOrEqual(t, len(got.Pix), len(want))
			assert.Equal(t, want[:len(got.Pix)], got.Pix)
			want = want[len(got.Pix):]
		})
	}
	assert.Empty(t, want)
}

// Every format and orientation decodes to Pillow's pixels, to the bit.
func TestDecodeFixtures(t *testing.T) {
	var cases []struct {
		Name string
		Size [2]int
	}
	readJSON(t, "formats.json", &cases)
	want := readBytes(t, "formats.bin")
	require.Len(t, cases, 26)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			m, err := Load(reftest.Testdata("transform", c.Name))
			require.NoError(t, err)
			require.Equal(t, c.Size, [2]int{m.Width, m.Height})
			require.GreaterOrEqual(t, len(want), len(m.Pix))
			assert.True(t, bytes.Equal(want[:len(m.Pix)], m.Pix))
			want = want[len(m.Pix):]
		})
	}
	assert.Empty(t, want)
}

// Photographs without loss come out as torchvision's preprocessing makes them,
// to the bit, at both sizes in use.
func TestPhotographs(t *testing.T) {
	var sums map[string]uint32
	readJSON(t, "photographs.json", &sums)
	require.Len(t, sums, 4)
	for _, name := range []string{"chelsea.png", "coffee.png"} {
		img, err := Load(reftest.Testdata("images", name))
		require.NoError(t, err)
		for key, tf := range map[string]Classification{name + " 256": ImageNet(), name + " 232": ImageNetV2()} {
			m, err := tf.Pixels(img)
			require.NoError(t, err)
			assert.Equal(t, sums[key], crc32.ChecksumIEEE(m.Pix), key)
		}
	}
}

// The twelve photographs have torchvision's pixels, to the bit.
func TestTwelvePhotographs(t *testing.T) {
	data, err := os.ReadFile(reftest.Shared(t, "images", "expected", "resize256_crop224_u8_nhwc.npy"))
	require.NoError(t, err)
	const size = 224 * 224 * 3
	data = data[len(data)-12*size:]
	for i, name := range []string{"astronaut.png", "chelsea.png", "china.jpg", "coffee.png", "dog_bicycle_truck.jpg", "german_shepherd.jpg",
		"grace_hopper.jpg", "hot_dog.jpg", "person_dog_horse.jpg", "rocket.jpg", "squirrel.jpg", "traffic.png"} {
		m, err := Load(reftest.Shared(t, "images", name))
		require.NoError(t, err)
		m, err = ImageNet().Pixels(m)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data[i*size:(i+1)*size], m.Pix), name)
	}
}
