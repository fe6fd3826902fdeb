package model

import (
	"fmt"
	"strings"

	"github.com/vertebra-vision/vertebra/weights"
)

// LoadError says everything in which a checkpoint and a model disagree. It
// wraps weights.ErrWeights.
type LoadError struct {
	Source     string   // the checkpoint
	Under      string   // the keys under which the file has the tensors
	Prefix     string   // what was taken off the tensors' own keys
	Scheme     string   // the key scheme that was recognised
	Missing    []string // keys that the checkpoint lacks
	Unexpected []string // keys that the model lacks
	Misshapen  []string // "key: checkpoint 10x512, model 1000x512"
	Hint       string   // what to change, where that is known
}

// maxListed bounds each list in the message. The fields have all of it.
const maxListed = 12

// Error is one line, which shows the first of long lists.
func (e *LoadError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s does not fit the model (read as %s keys", e.Source, e.Scheme)
	if e.Under != "" {
		fmt.Fprintf(&b, ", those under %q", e.Under)
	}
	if e.Prefix != "" {
		fmt.Fprintf(&b, ", without their prefix %q", e.Prefix)
	}
	fmt.Fprintf(&b, "): %d missing, %d unexpected, %d misshapen", len(e.Missing), len(e.Unexpected), len(e.Misshapen))
	for _, part := range []struct {
		what string
		list []string
	}{{"missing", e.Missing}, {"unexpected", e.Unexpected}, {"misshapen", e.Misshapen}} {
		if len(part.list) == 0 {
			continue
		}
		shown := part.list[:min(len(part.list), maxListed)]
		fmt.Fprintf(&b, "; %s: %s", part.what, oneLine(strings.Join(shown, ", ")))
		if more := len(part.list) - len(shown); more > 0 {
			fmt.Fprintf(&b, " and %d more", more)
		}
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// oneLine shows what a file's names may have of line ends.
func oneLine(text string) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(text)
}

// Unwrap makes errors.Is(err, weights.ErrWeights) true.
func (e *LoadError) Unwrap() error { return weights.ErrWeights }

func (e *LoadError) empty() bool {
	return len(e.Missing)+len(e.Unexpected)+len(e.Misshapen) == 0
}
