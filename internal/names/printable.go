package names

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable is a text from a file with line breaks and other characters that do
// not print as escapes, and what is no UTF-8 as �, so that a message stays one line.
func Printable(text string) string {
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if utf8.ValidString(text) && !strings.ContainsFunc(text, unprintable) {
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
