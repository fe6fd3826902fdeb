package weights

import "github.com/pkg/errors"

var (
	// ErrFormat is wrapped by errors about a file's form: unknown, truncated,
	// contradictory or hostile.
	ErrFormat = errors.New("malformed checkpoint")
	// ErrWeights is wrapped by errors about what a checkpoint holds: keys that
	// are missing, unexpected, ambiguous or misshapen.
	ErrWeights = errors.New("weights do not fit")
)

func malformed(format string, args ...any) error {
	return errors.Wrapf(ErrFormat, format, args...)
}
