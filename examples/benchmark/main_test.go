package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image"
	_ "image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// small is the quickest command line.
func small(more ...string) []string {
	return append([]string{"-model", "cifar_resnet20", "-size", "32x40", "-threads", "1", "-seconds", "0"}, more...)
}

func bench(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), args, &out, io.Discard))
	return out.String()
}

func TestBenchmark(t *testing.T) {
	out := bench(t, small("-batch", "1,2,1")...)
	assert.Regexp(t, `(?m)^cifar_resnet20 +1x32x40 +1 +\d.* %  `, out)
	assert.Regexp(t, `(?m)^cifar_resnet20 +2x32x40 +1 +\d`, out)
	assert.Regexp(t, `(?m)^measured peak, \w+, 1 thread: \d`, out)
}

func TestProfile(t *testing.T) {
	out := bench(t, small("-threads", "2", "-profile")...)
	assert.Regexp(t, `(?m)^layer3.2.conv2 +layer3.2.bn2 layer3.2.add layer3.2.relu_1 +conv\.`, out)
	assert.Contains(t, out, "cifar_resnet20, 1x32x40, 2 threads")
}

func TestJSON(t *testing.T) {
	var printed, written Report
	file := filepath.Join(t.TempDir(), "speed.json")
	require.NoError(t, json.Unmarshal([]byte(bench(t, small("-json", "-", "-threads", "1,2", "-direct")...)), &printed))
	require.Len(t, printed.Lines, 2)
	l := printed.Lines[1]
	assert.Equal(t, Case{Network: "cifar_resnet20", Batch: 1, Height: 32, Width: 40, Threads: 2, Direct: true}, l.Case)
	assert.GreaterOrEqual(t, l.P95MS, l.MedianMS)
	assert.GreaterOrEqual(t, l.MedianMS, l.MinMS)
	assert.InEpsilon(t, 1e3/l.MedianMS, l.Images, 1e-6)
	assert.InEpsilon(t, 100*l.GFLOPs/printed.Machine.PeakGFLOPs[2], l.PeakPercent, 1e-6)
	assert.GreaterOrEqual(t, l.Runs, minRuns)
	assert.Positive(t, l.ArenaBytes)
	assert.Zero(t, l.ColdMS)
	if runtime.GOOS == "linux" {
		assert.Greater(t, l.RSSBytes, l.ArenaBytes)
	}

	out := bench(t, small("-json", file, "-profile")...)
	assert.Contains(t, out, "layer3.2.conv2", "the table is printed too")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &written))
	var ms, percent float64
	for _, s := range written.Lines[0].Steps {
		ms, percent = ms+s.MS, percent+s.Percent
	}
	assert.InEpsilon(t, written.Lines[0].MedianMS, ms, 1e-6)
	assert.InEpsilon(t, 100, percent, 1e-6)
}

func TestChart(t *testing.T) {
	for name, args := range map[string][]string{
		"lines": {"-threads", "1,2", "-batch", "1,3", "-chart-size", "640x480"},
		"steps": {"-threads", "1,2", "-profile", "-chart-size", "640x480"},
	} {
		file := filepath.Join(t.TempDir(), name+".png")
		bench(t, small(append(args, "-chart", file)...)...)
		f, err := os.Open(file)
		require.NoError(t, err)
		img, format, err := image.Decode(f)
		require.NoError(t, f.Close())
		require.NoError(t, err)
		assert.Equal(t, "png", format)
		assert.Equal(t, image.Pt(640, 480), img.Bounds().Size())
		found := map[any]bool{}
		for y := range 480 {
			for x := range 640 {
				found[img.At(x, y)] = true
			}
		}
		assert.True(t, found[series[0]], "%s: no bar of the first colour", name)
	}
}

// With weights and -output the results are the network's.
func TestWeightsAndOutput(t *testing.T) {
	const checkpoint = "../internal/cifar10/resnet20-12fca82f.th"
	file := filepath.Join(t.TempDir(), "logits")
	out := bench(t, small("-cold", "-weights", checkpoint, "-output", file)...)
	assert.Regexp(t, `(?m)^cifar_resnet20 +1x32x40 +1 +\d`, out)

	config, err := backbone.Preset("cifar_resnet20")
	require.NoError(t, err)
	net, err := backbone.New(config)
	require.NoError(t, err)
	sd, err := weights.Open(checkpoint)
	require.NoError(t, err)
	defer func() { _ = sd.Close() }()
	require.NoError(t, net.Load(sd))
	x, err := ops.New(1, 3, 32, 40)
	require.NoError(t, err)
	fill(x.Data())
	logits, err := net.Forward(context.Background(), x)
	require.NoError(t, err)
	want, err := binary.Append(nil, binary.LittleEndian, logits.Data())
	require.NoError(t, err)
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestVariants(t *testing.T) {
	for name, stride := range map[string]int{"resnet18_fpn": 32, "resnet50_os8": 8} {
		s, err := Case{Network: name, Batch: 1, Height: 64, Width: 64, Threads: 1}.prepare(context.Background(), &options{})
		require.NoError(t, err)
		info, err := s.net.Info(backbone.C5)
		require.NoError(t, err)
		assert.Equal(t, stride, info.Stride)
		results, err := s.run(context.Background())
		require.NoError(t, err)
		if name == "resnet18_fpn" {
			require.Len(t, results, 5)
			assert.Equal(t, []int{1, 256, 16, 16}, results[0].Shape())
		} else {
			assert.Equal(t, []int{1, 1000}, results[0].Shape())
		}
	}
}

// A first run measures and writes the file, a second one reads it.
func TestTune(t *testing.T) {
	file := filepath.Join(t.TempDir(), "choices.json")
	for range 2 {
		var out bytes.Buffer
		require.NoError(t, run(context.Background(), []string{"-model", "cifar_resnet20", "-size", "32x32", "-threads", "1", "-seconds", "0.01", "-tune", file}, &out, io.Discard))
		assert.Contains(t, out.String(), "cifar_resnet20")
		text, err := os.ReadFile(file)
		if kernel.Blocked() {
			require.NoError(t, err)
			assert.Contains(t, string(text), "3x3 stride 1,1")
		}
	}
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	assert.ErrorContains(t, run(context.Background(), []string{"-model", "cifar_resnet20", "-tune", file}, &bytes.Buffer{}, io.Discard), file)
}

func TestBenchmarkErrors(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-model", "resnet51"}, "resnet50"},
		{[]string{"-model", "resnet50_os7"}, "7"},
		{[]string{"-size", "224"}, "-size \"224\""},
		{[]string{"-size", "0x224"}, "above 0"},
		{[]string{"-batch", "0"}, "-batch \"0\""},
		{[]string{"-threads", "9999"}, "want 1 to 1024"},
		{[]string{"-chart", "x.png", "-chart-size", "10x10"}, "200 to 8000"},
		{[]string{"-weights", "no such file"}, "no such file"},
		{[]string{"-weights", "w", "-model", "resnet18,resnet50"}, "-weights"},
		{[]string{"-cold", "-batch", "1,2", "-threads", "1"}, "2 combinations"},
		{[]string{"-cold", "-profile", "-threads", "1"}, "choose one"},
		{[]string{"-direct", "-tune", "choices.json"}, "choose one"},
		{[]string{"-tune", "main.go/choices.json"}, "main.go"},
		{[]string{"-chart", "main.go", "-weights", "../benchmark/main.go"}, "-chart would write over main.go"},
		{[]string{"-chart", "x", "-json", "../benchmark/x"}, "would both write"},
		{[]string{"resnet50"}, "flags only"},
	} {
		assert.ErrorContains(t, run(context.Background(), c.args, &bytes.Buffer{}, io.Discard), c.says, "%v", c.args)
	}
}

func TestTicks(t *testing.T) {
	for _, high := range []float64{0.013, 1, 63.7, 99, 240, 1e6} {
		list := ticks(0, high)
		assert.True(t, len(list) >= 4 && len(list) <= 11, "%v: %d ticks", high, len(list))
	}
}
