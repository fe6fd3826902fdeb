package jpeg

import "github.com/pkg/errors"

// What errors of this package wrap.
var (
	// ErrFormat is a file that is no JPEG, or that contradicts itself.
	ErrFormat = errors.New("malformed JPEG")
	// ErrTruncated is a file that ends before its picture does.
	ErrTruncated = errors.New("truncated JPEG")
	// ErrUnsupported is a kind of JPEG that Pillow does not read either, or
	// that is coded arithmetically.
	ErrUnsupported = errors.New("unsupported JPEG")
	// ErrTooLarge is a picture of more pixels than the caller allows.
	ErrTooLarge = errors.New("JPEG too large")
	// ErrOptions is a scale, a window or a slice that does not fit.
	ErrOptions = errors.New("invalid option")
)

func malformed(format string, args ...any) error {
	return errors.Wrapf(ErrFormat, format, args...)
}
