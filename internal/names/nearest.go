// Package names helps with names a person typed: the nearest known ones for an
// error message, and the known ones that a glob matches.
package names

import (
	"sort"
	"strings"
)

// DidYouMean is the end of an error message about an unknown name: "; did you
// mean X, Y or Z?" with the nearest of the known names.
func DidYouMean(name string, known []string) string {
	near := Nearest(name, known, 3)
	switch len(near) {
	case 0:
		return ""
	case 1:
		return "; did you mean " + near[0] + "?"
	}
	last := len(near) - 1
	return "; did you mean " + strings.Join(near[:last], ", ") + " or " + near[last] + "?"
}

// Nearest returns up to n of the known names, by edit distance without regard
// to case; ties keep the order of known.
func Nearest(name string, known []string, n int) []string {
	type candidate struct {
		name     string
		distance int
	}
	list := make([]candidate, len(known))
	lower := strings.ToLower(name)
	if len(lower) > maxLen {
		lower = lower[:maxLen]
	}
	for i, k := range known {
		list[i] = candidate{k, distance(lower, strings.ToLower(k))}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].distance < list[j].distance })
	var near []string
	for _, c := range list[:min(n, len(list))] {
		near = append(near, c.name)
	}
	return near
}

// maxLen bounds the work on a name that may come from a hostile file.
const maxLen = 200

// distance is Levenshtein's edit distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			substitute := diagonal
			if a[i-1] != b[j-1] {
				substitute++
			}
			diagonal = row[j]
			row[j] = min(substitute, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
