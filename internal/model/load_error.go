package model

import (
	"fmt"
	"strings"

	"github.com/vertebra-vision/vertebra/internal/names"
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

// maxListed is how many keys of a kind Error names.
const maxListed = 3

// Error is one line: how many keys of each kind, and the first ones. Details has
// them all.
func (e *LoadError) Error() string {
	var parts []string
	for _, l := range e.lists() {
		if n := len(l.keys); n > 0 {
			part := fmt.Sprintf("%d %s: %s", n, l.what, strings.Join(l.keys[:min(n, maxListed)], ", "))
			if n > maxListed {
				part += ", …"
			}
			parts = append(parts, part)
		}
	}
	if e.Hint != "" {
		parts = append(parts, e.Hint)
	}
	return names.Printable(e.head() + ": " + strings.Join(parts, "; "))
}

// Details is all of it, a line each: what does not fit in general, every key
// with what is wrong with it, and what to change.
func (e *LoadError) Details() []string {
	lines := []string{names.Printable(e.head())}
	for _, l := range e.lists() {
		for _, key := range l.keys {
			lines = append(lines, names.Printable(l.what+": "+key))
		}
	}
	if e.Hint != "" {
		lines = append(lines, e.Hint)
	}
	return lines
}

// head says what does not fit, and how the checkpoint was read.
func (e *LoadError) head() string {
	read := fmt.Sprintf("read as %s keys", e.Scheme)
	if e.Under != "" {
		read += fmt.Sprintf(", those under %q", e.Under)
	}
	if e.Prefix != "" {
		read += fmt.Sprintf(", without their prefix %q", e.Prefix)
	}
	return fmt.Sprintf("%s does not fit the model (%s)", e.Source, read)
}

// lists are the keys by what is wrong with them.
func (e *LoadError) lists() []keyList {
	return []keyList{{"missing", e.Missing}, {"unexpected", e.Unexpected}, {"misshapen", e.Misshapen}}
}

type keyList struct {
	what string
	keys []string
}

// Unwrap makes errors.Is(err, weights.ErrWeights) true.
func (e *LoadError) Unwrap() error { return weights.ErrWeights }

func (e *LoadError) empty() bool {
	return len(e.Missing)+len(e.Unexpected)+len(e.Misshapen) == 0
}
