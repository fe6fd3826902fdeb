package weights

import (
	"io"
	"path/filepath"
	"strings"
)

// Save writes the tensors in their order, with their types and shapes, whole or
// not at all. The path's ending is the format: .safetensors, which is also that
// of a path without one, .npz, or .pth and .pt, which torch.load reads with
// weights_only. In an .npz bfloat16 becomes float32.
func (sd *StateDict) Save(path string) error {
	write, err := sd.writer(path)
	if err != nil {
		return err
	}
	return SaveFile(path, write)
}

func (sd *StateDict) writer(path string) (func(w io.Writer) error, error) {
	switch ending := strings.ToLower(filepath.Ext(path)); ending {
	case ".safetensors", "":
		return func(w io.Writer) error { return sd.writeSafetensors(w, map[string]string{"format": "pt"}) }, nil
	case ".npz":
		return sd.writeNPZ, nil
	case ".pth", ".pt":
		return sd.writeTorch, nil
	default:
		return nil, unfit("%s: no format has the ending %s; there are .safetensors, .npz, .pth and .pt", path, ending)
	}
}
