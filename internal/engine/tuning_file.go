package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/files"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/choose"
)

// ErrTuning is wrapped by errors about a file of measured choices.
var ErrTuning = errors.New("invalid tuning file")

// tuningFile is the file's content. It keeps the choices of every machine that
// shares it: those of another processor, or of older kernels, stay in it and do
// not count.
type tuningFile struct {
	Format   string                      `json:"format"`
	Version  int                         `json:"version"`
	Machines map[string]map[string]named `json:"machines"`
}

// named is an algorithm as a file has it: by its name.
type named struct{ kernel.Algorithm }

// MarshalText is the algorithm's name.
func (n named) MarshalText() ([]byte, error) { return []byte(n.Name()), nil }

// UnmarshalText finds the algorithm of a name.
func (n *named) UnmarshalText(text []byte) (err error) {
	n.Algorithm, err = choose.Named(string(text))
	return err
}

const (
	tuningFormat  = "vertebra tuning"
	tuningVersion = 1
	// maxTuningBytes bounds what is read: thousands of convolutions take some
	// hundred kilobytes.
	maxTuningBytes = 16 << 20
)

// thisMachine is the key of choices that count here.
func thisMachine() string { return fmt.Sprintf("%s, kernels %d", kernel.CPU(), kernel.Revision) }

// OpenTuning reads the choices that a file has for this machine, and keeps
// there what is measured. The file need not exist, its folder must. The error
// about a file that is something else wraps ErrTuning and names it.
func OpenTuning(path string) (*Tuning, error) {
	t := NewTuning()
	t.path = path
	f, err := readTuning(path)
	if err != nil {
		return nil, err
	}
	for key, a := range f.Machines[thisMachine()] {
		t.choices[key] = a.Algorithm
	}
	return t, nil
}

// readTuning reads a file, an empty one where there is none.
func readTuning(path string) (*tuningFile, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newTuningFile(), checkFolder(path)
	}
	if err != nil {
		return nil, errors.Wrap(err, "reading the tuning file")
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxTuningBytes+1))
	if err != nil {
		return nil, errors.Wrap(err, "reading the tuning file")
	}
	parsed, err := parseTuning(text)
	return parsed, errors.WithMessagef(err, "%s: remove it, or name another file, to measure again", path)
}

// checkFolder reports a folder that the file could not be written to later.
func checkFolder(path string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err == nil && !info.IsDir() {
		err = errors.Errorf("%s is not a folder", filepath.Dir(path))
	}
	return errors.Wrap(err, "the tuning file's folder")
}

func newTuningFile() *tuningFile {
	return &tuningFile{Format: tuningFormat, Version: tuningVersion, Machines: map[string]map[string]named{}}
}

// parseTuning reads a file's content. The error wraps ErrTuning.
func parseTuning(text []byte) (*tuningFile, error) {
	if len(text) > maxTuningBytes {
		return nil, errors.Wrapf(ErrTuning, "more than %d bytes", maxTuningBytes)
	}
	// The version first: a later one may have anything else.
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, errors.Wrapf(ErrTuning, "not JSON of the kind that is written here: %v", err)
	}
	switch {
	case head.Format != tuningFormat:
		return nil, errors.Wrapf(ErrTuning, "its format is %q, want %q", head.Format, tuningFormat)
	case head.Version != tuningVersion:
		return nil, errors.Wrapf(ErrTuning, "its version is %d, this program reads %d", head.Version, tuningVersion)
	}
	f := newTuningFile()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(f); err != nil {
		return nil, errors.Wrap(ErrTuning, err.Error())
	}
	if f.Machines == nil {
		f.Machines = map[string]map[string]named{}
	}
	return f, nil
}

// Save writes the choices to the file, if there is one, beside what others have
// written there meanwhile. Readers see the old content or the new.
func (t *Tuning) Save() error {
	if t.path == "" {
		return nil
	}
	f, err := readTuning(t.path)
	if err != nil {
		return err
	}
	ours := f.Machines[thisMachine()]
	if ours == nil {
		ours = map[string]named{}
		f.Machines[thisMachine()] = ours
	}
	for key, a := range t.snapshot() {
		ours[key] = named{a}
	}
	text, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return errors.Wrap(err, "writing the tuning file")
	}
	err = files.Replace(t.path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	return errors.Wrap(err, "writing the tuning file")
}
