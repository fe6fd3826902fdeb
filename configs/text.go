package configs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// What is done to a file's bytes before they are parsed: what no YAML has is
// found where it stands, and what the parser does not know is taken out.

// place is where something stands in a text, counted from 1 but for the byte.
type place struct{ line, column, byte int }

func (p place) error(name, format string, args ...any) error {
	return errors.Wrapf(ErrConfig, "%s:%d:%d: %s", name, p.line, p.column, fmt.Sprintf(format, args...))
}

// prepared is a file in UTF-8, whose byte order mark is gone and whose directives
// are comments. Lines and columns stay.
func prepared(name string, data []byte) ([]byte, error) {
	data, err := fromUTF16(name, data)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := checkCharacters(name, data); err != nil {
		return nil, err
	}
	return withoutDirectives(name, data)
}

// fromUTF16 decodes what begins with UTF-16's byte order mark, as some editors on
// Windows save text.
func fromUTF16(name string, data []byte) ([]byte, error) {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case !bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return data, nil
	}
	at := place{1, 1, 2}
	var out []byte
	for at.byte < len(data) {
		if at.byte+2 > len(data) {
			return nil, at.error(name, "the file ends within a character of UTF-16: save it as UTF-8")
		}
		r, size := rune(order.Uint16(data[at.byte:])), 2
		if utf16.IsSurrogate(r) {
			low := rune(utf8.RuneError)
			if at.byte+4 <= len(data) {
				low = rune(order.Uint16(data[at.byte+2:]))
			}
			if r, size = utf16.DecodeRune(r, low), 4; r == utf8.RuneError {
				return nil, at.error(name, "byte %d begins half a pair of UTF-16: save the file as UTF-8", at.byte)
			}
		}
		out = utf8.AppendRune(out, r)
		at.pass(r, '\n', size)
	}
	return out, nil
}

// pass goes on behind a character of so many bytes; next is the one after it.
func (p *place) pass(r, next rune, size int) {
	p.byte += size
	p.column++
	if r == '\n' || r == '\r' && next != '\n' {
		p.line, p.column = p.line+1, 1
	}
}

// checkCharacters reports the first that is no UTF-8 or that YAML does not take
// outside of escapes.
func checkCharacters(name string, data []byte) error {
	at := place{1, 1, 0}
	for at.byte < len(data) {
		r, size := utf8.DecodeRune(data[at.byte:])
		switch {
		case r == utf8.RuneError && size == 1:
			return at.error(name, "byte %d, 0x%02x, is no UTF-8: save the file as UTF-8", at.byte, data[at.byte])
		case !isYAML(r):
			return at.error(name, `byte %d is the control character U+%04X: take it out, or write "\u%04x" in double quotes`, at.byte, r, r)
		}
		next, _ := utf8.DecodeRune(data[at.byte+size:])
		at.pass(r, next, size)
	}
	return nil
}

// isYAML reports a character of YAML's c-printable, as the parser has it.
func isYAML(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return true
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

var versionDirective = regexp.MustCompile(`^%YAML[ \t]+([0-9]+\.[0-9]+)[ \t]*(#.*)?$`)

// withoutDirectives makes comments of the directives before a document, which are
// %YAML 1.1 or 1.2 once.
func withoutDirectives(name string, data []byte) ([]byte, error) {
	at, version := place{line: 1, column: 1}, false
	for line := range bytes.Lines(data) {
		text := strings.TrimRight(string(line), " \t\r\n")
		switch {
		case text == "" || strings.TrimLeft(text, " \t")[0] == '#':
		case text[0] != '%':
			if version && text != "---" && !strings.HasPrefix(text, "--- ") {
				return nil, at.error(name, "expected --- after %%YAML")
			}
			return data, nil
		default:
			m := versionDirective.FindStringSubmatch(text)
			switch {
			case strings.HasPrefix(text, "%TAG "):
				return nil, at.error(name, "%%TAG names tags, which have no meaning here: take the line out")
			case m == nil:
				return nil, at.error(name, "expected %%YAML 1.1 or %%YAML 1.2, found %q", shorten(text))
			case m[1] != "1.1" && m[1] != "1.2":
				return nil, at.error(name, "expected %%YAML 1.1 or %%YAML 1.2, found version %s", shorten(m[1]))
			case version:
				return nil, at.error(name, "a second %%YAML: there may be one")
			}
			version = true
			data = bytes.Clone(data)
			data[at.byte] = '#'
		}
		at.line, at.byte = at.line+1, at.byte+len(line)
	}
	return data, nil
}

// indentingTab finds a tab before the first other character of a line, or of one
// beside it, since a parser's lines are not exact.
func indentingTab(data []byte, line int) (at place, ok bool) {
	n := 0
	for text := range bytes.Lines(data) {
		n++
		blank := len(text) - len(bytes.TrimLeft(text, " \t"))
		if tab := bytes.IndexByte(text[:blank], '\t'); tab >= 0 && n >= line-1 && len(bytes.TrimSpace(text)) > 0 {
			at, ok = place{line: n, column: tab + 1}, true
		}
		if ok && n >= line || n > line {
			break
		}
	}
	return at, ok
}
