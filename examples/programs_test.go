package examples

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/weights"
)

// scratch is where the programs and checkpoints are made, once.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "examples"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(scratch) }()
		return m.Run()
	}())
}

// build builds the programs.
var build = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(scratch, "bin") + string(filepath.Separator)
	b := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, "./...")
	b.Dir = filepath.Join(reftest.Root(), "examples")
	text, err := b.CombinedOutput()
	return bin, wrap(err, text)
})

func wrap(err error, text []byte) error {
	if err != nil {
		return &exec.Error{Name: string(text), Err: err}
	}
	return nil
}

// slow skips what takes too long for a quick test.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds every example")
	}
}

// program is the command of an example.
func program(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	slow(t)
	bin, err := build()
	require.NoError(t, err)
	cmd := exec.Command(filepath.Join(bin, name), args...)
	// Nothing is downloaded.
	cmd.Env = append(os.Environ(), "VERTEBRA_CACHE="+filepath.Join(scratch, "cache"), "VERTEBRA_CHECKPOINT_BASE_URL="+filepath.Join(scratch, "mirror"))
	return cmd
}

// outcome is how a program ended.
type outcome struct {
	code        int
	out, errors string
}

// lines are what went to standard error.
func (o outcome) lines() []string {
	return strings.Split(strings.TrimSuffix(o.errors, "\n"), "\n")
}

// run runs an example in a folder.
func run(t *testing.T, dir, name string, args ...string) outcome {
	t.Helper()
	cmd := program(t, name, args...)
	cmd.Dir = dir
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errors.String()}
}

// names are the examples: the folders with a program.
func names(t *testing.T) []string {
	t.Helper()
	mains, err := filepath.Glob("*/main.go")
	require.NoError(t, err)
	var list []string
	for _, file := range mains {
		list = append(list, filepath.Dir(file))
	}
	require.Equal(t, []string{"benchmark", "classify", "detect", "embed", "evaluate", "features", "infer", "segment", "video"}, list,
		"a new example belongs into the tables of these tests")
	return list
}

// network are the flags for a small network. The detectors and segmenters are
// untrained.
func network(t *testing.T, name string) []string {
	t.Helper()
	slow(t)
	switch name {
	case "detect":
		return []string{"-model", "fcos_resnet18_fpn", "-weights", detector(t), "-size", "96", "-threshold", "0.1"}
	case "segment":
		return []string{"-model", "fcn_resnet50", "-weights", segmenter(t)}
	case "infer":
		return []string{"-config", "cifar_resnet20", "-weights", classifier()}
	case "benchmark":
		return []string{"-model", "cifar_resnet20", "-size", "32x32", "-threads", "1", "-seconds", "0"}
	}
	return nil
}

func classifier() string {
	return filepath.Join(reftest.Root(), "examples", "internal", "cifar10", "resnet20-12fca82f.th")
}

var detectorOnce = sync.OnceValues(func() (string, error) {
	d, err := detect.Preset("fcos_resnet18_fpn", detect.WithNumClasses(3))
	if err != nil {
		return "", err
	}
	sd, err := d.StateDict()
	return save("detector.safetensors", sd, err)
})

func detector(t *testing.T) string {
	t.Helper()
	path, err := detectorOnce()
	require.NoError(t, err)
	return path
}

var segmenterOnce = sync.OnceValues(func() (string, error) {
	s, err := segment.Preset("fcn_resnet50")
	if err != nil {
		return "", err
	}
	sd, err := s.StateDict()
	return save("segmenter.safetensors", sd, err)
})

func segmenter(t *testing.T) string {
	t.Helper()
	path, err := segmenterOnce()
	require.NoError(t, err)
	return path
}

func save(name string, sd *weights.StateDict, err error) (string, error) {
	if err != nil {
		return "", err
	}
	var list []weights.Named
	for _, key := range sd.Names() {
		entry, _ := sd.Get(key)
		x, err := entry.Tensor()
		if err != nil {
			return "", err
		}
		list = append(list, weights.Named{Name: key, Tensor: x})
	}
	path := filepath.Join(scratch, name)
	return path, weights.SaveSafetensors(path, list, nil)
}

// photographs writes small pictures, each of another grey, and no picture where
// a name begins with bad.
func photographs(t *testing.T, dir string, paths ...string) {
	t.Helper()
	for i, path := range paths {
		m := image.NewRGBA(image.Rect(0, 0, 36, 32))
		for p := range m.Bounds().Dx() * m.Bounds().Dy() {
			m.Set(p%36, p/36, color.Gray{uint8(20*i + 3*(p%36))})
		}
		var b bytes.Buffer
		switch {
		case strings.HasPrefix(filepath.Base(path), "bad"):
			b.WriteString("no picture")
		case filepath.Ext(path) == ".jpg":
			require.NoError(t, jpeg.Encode(&b, m, nil))
		default:
			require.NoError(t, png.Encode(&b, m))
		}
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
}

// contents are the files below a folder, links aside, with what they hold.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return files
}

// keys are the names of the files.
func keys(files map[string]string) []string {
	var list []string
	for name := range files {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
