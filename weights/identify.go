package weights

import (
	"context"
	"os"
	"strings"

	"github.com/pkg/errors"
)

// Identify finds the published checkpoint that a file is, whatever it is called,
// by the SHA-256 of its content; nil where it is none, as after conversion or
// fine-tuning. It reads the whole file: 160 MB take some tenths of a second.
func Identify(ctx context.Context, path string) (*Checkpoint, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, nil // a folder of shards
	}
	sum, err := hashFile(ctx, path)
	if err != nil {
		return nil, errors.Wrap(err, "identifying a checkpoint")
	}
	return bySum(sum), nil
}

// bySum is the published checkpoint with a SHA-256, nil for none.
func bySum(sum string) *Checkpoint {
	for _, c := range registry() {
		if c.SHA256Prefix != "" && strings.HasPrefix(sum, c.SHA256Prefix) {
			found := c.clone()
			return &found
		}
	}
	return nil
}
