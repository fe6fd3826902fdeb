package names

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Glob compiles a pattern of dotted names into a function that tells which
// names match it. * and ? do not cross a dot. ** does: a.** is a and all below
// it, **.b is b at any depth, a.**.b is a.b too, and a** all that begins with a.
// [a-c] and [^a-c] are one character, and \ takes the next one as it is. The
// error says what is wrong with the pattern.
func Glob(pattern string) (func(name string) bool, error) {
	if pattern == "" {
		return nil, errors.New("an empty pattern: ** matches everything")
	}
	if len(pattern) > maxLen {
		return nil, errors.Errorf("a pattern of %d bytes, at most %d are possible", len(pattern), maxLen)
	}
	var b strings.Builder
	b.WriteString("^(?s:")
	dot := "" // before the next segment
	segments := slices.CompactFunc(strings.Split(pattern, "."), func(a, b string) bool {
		return isAnyDepth(a) && isAnyDepth(b)
	})
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case !isAnyDepth(s):
			if _, err := path.Match(s, ""); err != nil {
				return nil, errors.Errorf("the pattern %q has a [ without its ], or ends with a \\", pattern)
			}
			b.WriteString(dot + expression(s))
			dot = `\.`
		case last && dot == "":
			b.WriteString(".*")
		case last:
			b.WriteString(`(?:\..*)?`)
		default:
			b.WriteString(dot + `(?:.*\.)?`)
			dot = ""
		}
	}
	re, err := regexp.Compile(b.String() + ")$")
	if err != nil {
		return nil, errors.Errorf("the pattern %q has a range of letters from the higher to the lower", pattern)
	}
	return re.MatchString, nil
}

// isAnyDepth reports a segment that stands for any number of segments.
func isAnyDepth(s string) bool { return len(s) > 1 && strings.Trim(s, "*") == "" }

// HasGlob reports whether a name is a pattern.
func HasGlob(name string) bool { return strings.ContainsAny(name, `*?[\`) }

// expression translates a segment that path.Match takes.
func expression(s string) string {
	var b strings.Builder
	for class := false; s != ""; {
		c := s[:1]
		switch {
		case c == `\`:
			c = s[:2]
			b.WriteString(quoted(s[1:2]))
		case class:
			class = c != "]"
			b.WriteString(strings.Replace(c, "[", `\[`, 1))
		case c == "[":
			class = true
			b.WriteString(c)
		case strings.HasPrefix(s, "**"):
			c = s[:len(s)-len(strings.TrimLeft(s, "*"))]
			b.WriteString(".*")
		case c == "*":
			b.WriteString("[^.]*")
		case c == "?":
			b.WriteString("[^.]")
		default:
			b.WriteString(quoted(c))
		}
		s = s[len(c):]
	}
	return b.String()
}

// quoted is a byte that stands for itself, in a class as well.
func quoted(c string) string {
	if c == "-" {
		return `\-`
	}
	return regexp.QuoteMeta(c)
}
