package weights

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// part is a file on its way into the cache. A file beside it keeps what a later
// attempt, perhaps by another process, must know to resume it.
type part struct {
	path    string
	file    *os.File
	size    int64 // bytes that are in it
	resumed bool  // some of them came with an earlier request

	partState
}

// partState is where a part's bytes came from.
type partState struct {
	// Source is the address that they came from.
	Source string `json:"source"`
	// Validator is the server's strong ETag, or else its Last-Modified: by it
	// the server tells whether the rest still belongs to these bytes.
	Validator string `json:"validator,omitempty"`
	// Total is the size of the whole file; -1 if the server did not say.
	Total int64 `json:"total"`
}

func statePath(part string) string { return part + ".json" }

// openPart opens or creates the part. Bytes from another source, or from none
// that is known, do not count.
func openPart(path, source string) (*part, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	p := &part{path: path, file: file, partState: partState{Source: source, Total: -1}}
	if err := p.recall(); err != nil {
		file.Close()
		return nil, err
	}
	return p, nil
}

// recall finds out how much of the file can be kept, and goes to its end.
func (p *part) recall() error {
	text, err := os.ReadFile(statePath(p.path))
	var old partState
	if err != nil || json.Unmarshal(text, &old) != nil || old.Source != p.Source {
		return p.restart("", -1)
	}
	end, err := p.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if end == 0 || old.Total >= 0 && end > old.Total {
		return p.restart("", -1)
	}
	p.partState, p.size, p.resumed = old, end, true
	return nil
}

// restart drops all bytes and notes whom the next ones belong to. The order
// matters: no crash leaves bytes beside a note that is not theirs.
func (p *part) restart(validator string, total int64) error {
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p.size, p.resumed, p.Validator, p.Total = 0, false, validator, total
	text, err := json.Marshal(p.partState)
	if err != nil {
		return err
	}
	return os.WriteFile(statePath(p.path), text, 0o666)
}

// complete says whether all bytes are there.
func (p *part) complete() bool { return p.Total >= 0 && p.size == p.Total }

// Write appends.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.size += int64(n)
	return n, errors.Wrap(err, "write to the cache")
}

// close keeps the part for a later attempt.
func (p *part) close() error { return p.file.Close() }

// finish closes a complete part once its bytes are on the disk, so that not
// even a power cut leaves a file in the cache that only looks whole.
func (p *part) finish() error {
	err := p.file.Sync()
	if closeErr := p.file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// remove closes and deletes the part.
func (p *part) remove() {
	p.file.Close()
	removePart(p.path)
}

func removePart(path string) {
	os.Remove(path)
	os.Remove(statePath(path))
}

// privatePart is the path of a part that no other process will use, nor a
// later one resume.
func privatePart(e entry) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(e.path), filepath.Base(e.path)+".part-*")
	if err != nil {
		return "", err
	}
	return file.Name(), file.Close()
}
