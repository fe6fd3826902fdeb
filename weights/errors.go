package weights

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

var (
	// ErrFormat is wrapped by errors about a file's form: unknown, truncated,
	// contradictory or hostile.
	ErrFormat = errors.New("malformed checkpoint")
	// ErrWeights is wrapped by errors about what a checkpoint holds: keys that
	// are missing, unexpected, ambiguous or misshapen.
	ErrWeights = errors.New("weights do not fit")
)

// malformed makes an error of one line, whatever the file's names are.
func malformed(format string, args ...any) error {
	return errors.Wrap(ErrFormat, clean(fmt.Sprintf(format, args...)))
}

// unfit is malformed for what a checkpoint holds.
func unfit(format string, args ...any) error {
	return errors.Wrap(ErrWeights, clean(fmt.Sprintf(format, args...)))
}

// maxMessage bounds what a file's names add to a message, in bytes.
const maxMessage = 2000

// clean puts text from a file on one line, and shortens what is absurd.
func clean(text string) string {
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unprintable(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// named says which of a file's names an error is about.
func named(err error, name string) error { return errors.WithMessage(err, clean(name)) }
