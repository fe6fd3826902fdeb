package pictures

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// setNames numbers the pictures and gives them their labels and stems.
func setNames(list []Picture) {
	labels := distinct(len(list), func(name string) string { return name }, func(i, level int) (string, bool) {
		parts := list[i].parts
		return names.Printable(strings.Join(last(parts, level+1), "/")), level < len(parts)
	})
	// Windows and macOS take A and a for the same.
	stems := distinct(len(list), strings.ToLower, func(i, level int) (string, bool) {
		parts := list[i].parts
		end := 2*len(parts) - 1
		at := min(level, end)
		return stem(last(parts, at/2+1), at%2 == 1), level <= end
	})
	for i := range list {
		list[i].Index, list[i].Label, list[i].Stem = i, labels[i], stems[i]
	}
}

// stem makes a file's name of a path: a/b/x.png is a_b_x.
func stem(parts []string, extension bool) string {
	name := strings.Join(parts, "_")
	if short := strings.TrimSuffix(name, filepath.Ext(name)); !extension && strings.Trim(short, ".") != "" {
		name = short
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
}

// distinct gives each of n things the first of its names that tells it apart.
// name gives a thing's name on a level, of which the first is 0, or its last
// one, and whether there is one on that level; key is equal for names that must not both be taken. Things of
// the same first name get names of the same level, so that none looks as if it
// stood for the others. Where no level tells them all apart, numbers do.
func distinct(n int, key func(string) string, name func(i, level int) (string, bool)) []string {
	names, groups, level := make([]string, n), map[string][]int{}, map[string]int{}
	for i := range n {
		names[i], _ = name(i, 0)
		groups[key(names[i])] = append(groups[key(names[i])], i)
	}
	for more := true; more; {
		more = false
		taken := count(names, key)
		for g, members := range groups {
			if !slices.ContainsFunc(members, func(i int) bool { return taken[key(names[i])] > 1 }) {
				continue
			}
			level[g]++
			for _, i := range members {
				if longer, ok := name(i, level[g]); ok {
					names[i], more = longer, true
				}
			}
		}
	}
	for g, members := range groups {
		shorten(names, members, level[g], key, name)
	}
	return numbered(names, key)
}

// shorten goes back to the first level that tells a group's members apart as
// well as the last one does.
func shorten(names []string, members []int, last int, key func(string) string, name func(i, level int) (string, bool)) {
	best := map[string]bool{}
	for _, i := range members {
		best[key(names[i])] = true
	}
	if len(best) == len(members) {
		return
	}
	for level := range last {
		list := make([]string, len(members))
		for k, i := range members {
			list[k], _ = name(i, level)
		}
		if len(count(list, key)) < len(best) {
			continue
		}
		for k, i := range members {
			names[i] = list[k]
		}
		return
	}
}

// count counts names by their keys.
func count(names []string, key func(string) string) map[string]int {
	n := map[string]int{}
	for _, name := range names {
		n[key(name)]++
	}
	return n
}

// numbered adds numbers to names that are still the same.
func numbered(names []string, key func(string) string) []string {
	taken := map[string]bool{}
	for i, name := range names {
		for n := 2; taken[key(names[i])]; n++ {
			names[i] = name + "_" + strconv.Itoa(n)
		}
		taken[key(names[i])] = true
	}
	return names
}

// split lists the parts of a path from the root.
func split(path string) []string {
	path = absolute(path)
	path = filepath.ToSlash(path[len(filepath.VolumeName(path)):])
	return strings.Split(strings.Trim(path, "/"), "/")
}

// last are the last n of a list, or all.
func last(list []string, n int) []string { return list[max(0, len(list)-n):] }
