package weights

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"
)

// OpenOption changes what Open takes from a file.
type OpenOption func(*openOptions)

type openOptions struct{ under string }

// Under takes the tensors below a key, such as "teacher" or "ema", where a file
// holds several networks. Keys in each other are joined by dots:
// "model.encoder". The last of them may be the beginnings of the tensors' own
// keys, in files of any format: "module.encoder_q". Empty changes nothing.
func Under(path string) OpenOption {
	return func(o *openOptions) { o.under = strings.Trim(path, ".") }
}

func optionsOf(opts []OpenOption) (o openOptions) {
	for _, set := range opts {
		set(&o)
	}
	return o
}

// Open opens a checkpoint and reads its table of contents. It recognises the
// format by the content, not by the name. The path of an index of shards
// (model.safetensors.index.json), or of the folder that holds one, opens all of
// them. Close the result when the tensors have been read.
//
// The tensors may lie in the file under any name, see [StateDict.Under]. Where
// it holds several networks the error, which wraps ErrWeights, lists them, and
// the option [Under] chooses one. Other errors about the content wrap
// ErrFormat. All name the file.
func Open(path string, opts ...OpenOption) (*StateDict, error) {
	if path == "" {
		return nil, errors.Wrap(ErrWeights, "opening a checkpoint: the path is empty")
	}
	path, err := inFolder(path)
	if err != nil {
		return nil, err
	}
	if under := optionsOf(opts).under; strings.HasSuffix(path, ".json") {
		sd, err := openShards(path, under)
		return sd, errors.WithMessage(err, path)
	}
	return openFile(path, opts...)
}

// openFile opens a single file.
func openFile(path string, opts ...OpenOption) (*StateDict, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	sd, err := OpenReaderAt(f, size, path, opts...)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	sd.file = f
	return sd, nil
}

// openRegular opens a file that is no folder and no device.
func openRegular(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, errors.Wrap(err, "opening a checkpoint")
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = malformed("%s is not a file but a %s", path, kindOf(info.Mode()))
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func kindOf(m os.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "device"
}

// OpenReaderAt is Open for any random-access data, such as an embedded file's
// bytes in a bytes.Reader. name is for messages.
func OpenReaderAt(r io.ReaderAt, size int64, name string, opts ...OpenOption) (sd *StateDict, err error) {
	open, format, err := sniff(r, size)
	if err != nil {
		return nil, errors.WithMessage(err, name)
	}
	sd, err = open(r, size, optionsOf(opts).under)
	if err != nil {
		return nil, errors.WithMessagef(err, "%s: %s", name, format)
	}
	sd.path, sd.format = name, format
	return sd, nil
}

// opener reads a table of contents and takes what is below a path of keys.
type opener func(r io.ReaderAt, size int64, under string) (*StateDict, error)

// sniff tells the format from the first bytes.
func sniff(r io.ReaderAt, size int64) (opener, string, error) {
	head := make([]byte, min(size, legacyHead))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, "", malformed("reading: %v", err)
	}
	switch {
	case len(head) == 0:
		return nil, "", malformed("the file is empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return openZip, "zip", nil
	case bytes.HasPrefix(head, []byte("\x93NUMPY")):
		return openNPY, "npy", nil
	case isLegacy(head):
		return openLegacy, "torch legacy", nil
	case len(head) >= 9 && head[8] == '{' && binary.LittleEndian.Uint64(head) <= uint64(size):
		return openSafetensors, "safetensors", nil
	case head[0] == '{':
		return nil, "", malformed("a JSON text; an index of shards is opened by its path, which ends in .json")
	case head[0] == 0x80 || head[0] == '(' || head[0] == '}':
		return openPickle, "pickle", nil
	case bytes.HasPrefix(head, []byte("version https://")):
		return nil, "", malformed("this is a Git LFS pointer, not the file itself: run git lfs pull")
	case bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")):
		return nil, "", malformed("this is a web page, not a checkpoint: the download went wrong")
	}
	return nil, "", malformed("not a PyTorch, safetensors, NumPy or detectron2 checkpoint")
}
