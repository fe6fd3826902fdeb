package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// maxDetails bounds the lines of an error.
const maxDetails = 40

// report prints an error for a person at a terminal: a line, or where the error
// has details, such as what is wrong with a configuration or which keys a
// checkpoint lacks, a line for each.
func report(w io.Writer, name string, err error) {
	var detailed interface {
		error
		Details() []string
	}
	lines := []string{err.Error()}
	if errors.As(err, &detailed) && len(detailed.Details()) > 0 {
		lines = slices.Clone(detailed.Details())
		lines[0] = strings.Replace(err.Error(), detailed.Error(), lines[0], 1) // with what was said around it
	}
	for _, line := range lines[:min(len(lines), maxDetails)] {
		fmt.Fprintf(w, "%s: %s\n", name, names.Printable(line))
	}
	if more := len(lines) - maxDetails; more > 0 {
		fmt.Fprintf(w, "%s: and %d more\n", name, more)
	}
}
