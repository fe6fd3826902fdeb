package pickle

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

const opStop = '.'

// operations are the opcodes of protocols 0 to 5, by Python's pickletools.
// Missing on purpose are those that nothing needs which holds tensors:
// extension codes and out-of-band buffers.
var operations [256]func(m *machine) error

func init() {
	constants()
	numbers()
	texts()
	containers()
	memory()
	calls()
}

func constants() {
	operations['N'] = func(m *machine) error { return m.push(nil) }
	operations[0x88] = func(m *machine) error { return m.push(true) }
	operations[0x89] = func(m *machine) error { return m.push(false) }
	operations[0x80] = func(m *machine) error { // PROTO
		v, err := m.byte()
		if err == nil && v > 5 {
			return bad("protocol %d, the newest is 5", v)
		}
		return err
	}
	operations[0x95] = func(m *machine) error { // FRAME
		_, err := m.uint(8)
		return err
	}
}

func numbers() {
	sized := func(size int) func(m *machine) error {
		return func(m *machine) error {
			v, err := m.uint(size)
			if err != nil {
				return err
			}
			if size == 4 {
				return m.push(int64(int32(v)))
			}
			return m.push(int64(v))
		}
	}
	operations['K'], operations['M'], operations['J'] = sized(1), sized(2), sized(4)
	long := func(size int) func(m *machine) error {
		return func(m *machine) error {
			b, err := m.counted(size)
			if err != nil {
				return err
			}
			return m.push(longInt(b))
		}
	}
	operations[0x8a], operations[0x8b] = long(1), long(4)
	operations['G'] = func(m *machine) error {
		b, err := m.bytes(8)
		if err != nil {
			return err
		}
		return m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	operations['F'] = func(m *machine) error {
		line, err := m.line()
		if err != nil {
			return err
		}
		v, err := strconv.ParseFloat(line, 64)
		if err != nil {
			return bad("byte %d: %q is no number", m.pos, clip(line))
		}
		return m.push(v)
	}
	operations['I'], operations['L'] = textInt, textInt
}

// Big is an integer beyond 64 bits, of which nothing is used. The magic number
// of torch's legacy files is one; Bytes are little-endian, or decimal digits in
// protocol 0.
type Big struct{ Bytes []byte }

// longInt reads a little-endian two's complement number.
func longInt(b []byte) any {
	if len(b) > 8 {
		return Big{b}
	}
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	if n := len(b); n > 0 && n < 8 && b[n-1]&0x80 != 0 {
		v |= math.MaxUint64 << (8 * n)
	}
	return int64(v)
}

func textInt(m *machine) error {
	line, err := m.line()
	if err != nil {
		return err
	}
	switch line {
	case "00":
		return m.push(false)
	case "01":
		return m.push(true)
	}
	v, err := strconv.ParseInt(strings.TrimSuffix(line, "L"), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return m.push(Big{[]byte(line)})
	case err != nil:
		return bad("byte %d: %q is no integer", m.pos, clip(line))
	}
	return m.push(v)
}

func texts() {
	text := func(size int) func(m *machine) error {
		return func(m *machine) error {
			b, err := m.counted(size)
			if err != nil {
				return err
			}
			return m.push(string(b))
		}
	}
	operations['X'], operations[0x8c], operations[0x8d] = text(4), text(1), text(8)
	operations['B'], operations['C'], operations[0x8e] = bytesOp(4, false), bytesOp(1, false), bytesOp(8, false)
	operations[0x96] = bytesOp(8, false) // BYTEARRAY8
	// Python 2's str is text where it is short.
	operations['T'], operations['U'] = bytesOp(4, true), bytesOp(1, true)
	operations['V'] = func(m *machine) error {
		line, err := m.line()
		if err != nil {
			return err
		}
		return m.push(rawUnicode(line))
	}
	operations['S'] = func(m *machine) error {
		line, err := m.line()
		if err != nil {
			return err
		}
		return m.push(unquote(line))
	}
}

// longBytes is the length from which bytes stay in the file: they are an
// array's elements.
const longBytes = 4096

func bytesOp(size int, text bool) func(m *machine) error {
	return func(m *machine) error {
		n, err := m.uint(size)
		if err != nil {
			return err
		}
		if n >= longBytes {
			blob, err := m.skip(n)
			if err != nil {
				return err
			}
			return m.push(blob)
		}
		b, err := m.bytes(n)
		if err != nil {
			return err
		}
		if text {
			return m.push(string(b))
		}
		return m.push(b)
	}
}

// rawUnicode resolves the \uXXXX and \UXXXXXXXX of protocol 0, whose other bytes
// are Latin-1, backslashes too.
func rawUnicode(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if r, n := rawEscape(s[i:]); n > 0 {
			b, i = utf8.AppendRune(b, r), i+n-1
			continue
		}
		b = utf8.AppendRune(b, rune(s[i]))
	}
	return string(b)
}

// rawEscape reads the escape that a text begins with, and its length; 0 for none.
func rawEscape(s string) (rune, int) {
	n := 0
	switch {
	case strings.HasPrefix(s, `\u`):
		n = len(`\uXXXX`)
	case strings.HasPrefix(s, `\U`):
		n = len(`\UXXXXXXXX`)
	}
	if n == 0 || len(s) < n {
		return 0, 0
	}
	r, err := strconv.ParseUint(s[2:n], 16, 32)
	if err != nil || r > utf8.MaxRune {
		return 0, 0
	}
	return rune(r), n
}

// unquote takes the quotes and escapes off a repr.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		inner := strings.ReplaceAll(s[1:len(s)-1], `\'`, `'`)
		if v, err := strconv.Unquote(`"` + strings.ReplaceAll(inner, `"`, `\"`) + `"`); err == nil {
			return v
		}
		return inner
	}
	return s
}

func containers() {
	operations['('] = func(m *machine) error {
		m.marks = append(m.marks, len(m.stack))
		if len(m.marks) > maxValues {
			return bad("more than %d marks", maxValues)
		}
		return nil
	}
	operations[']'] = func(m *machine) error { return m.push(&List{}) }
	operations['}'] = func(m *machine) error { return m.push(&Dict{}) }
	operations[')'] = func(m *machine) error { return m.push(Tuple{}) }
	operations[0x8f] = operations[']'] // EMPTY_SET
	fromMark := func(f func(m *machine, items []any) error) func(m *machine) error {
		return func(m *machine) error {
			items, err := m.sinceMark()
			if err != nil {
				return err
			}
			return f(m, items)
		}
	}
	operations['t'] = fromMark(func(m *machine, items []any) error { return m.push(Tuple(items)) })
	operations['l'] = fromMark(func(m *machine, items []any) error { return m.push(&List{items}) })
	operations[0x91] = operations['l'] // FROZENSET
	operations['d'] = fromMark(func(m *machine, items []any) error {
		if err := m.push(&Dict{}); err != nil {
			return err
		}
		return m.setItems(items)
	})
	operations['u'] = fromMark((*machine).setItems)
	operations['e'] = fromMark((*machine).appendItems)
	operations[0x90] = operations['e'] // ADDITEMS
	fixed := func(n int, f func(m *machine, t Tuple) error) func(m *machine) error {
		return func(m *machine) error {
			t, err := m.popTuple(n)
			if err != nil {
				return err
			}
			return f(m, t)
		}
	}
	tuple := func(m *machine, t Tuple) error { return m.push(t) }
	operations[0x85], operations[0x86], operations[0x87] = fixed(1, tuple), fixed(2, tuple), fixed(3, tuple)
	operations['s'] = fixed(2, func(m *machine, t Tuple) error { return m.setItems(t) })
	operations['a'] = fixed(1, func(m *machine, t Tuple) error { return m.appendItems(t) })
}

func memory() {
	operations['0'] = func(m *machine) error { _, err := m.pop(); return err }
	operations['1'] = func(m *machine) error { _, err := m.sinceMark(); return err }
	operations['2'] = func(m *machine) error {
		v, err := m.top()
		if err != nil {
			return err
		}
		return m.push(v)
	}
	keyed := func(size int, f func(m *machine, key uint64) error) func(m *machine) error {
		return func(m *machine) error {
			key, err := m.uint(size)
			if err != nil {
				return err
			}
			return f(m, key)
		}
	}
	operations['q'], operations['r'] = keyed(1, (*machine).remember), keyed(4, (*machine).remember)
	operations['h'], operations['j'] = keyed(1, (*machine).recall), keyed(4, (*machine).recall)
	text := func(f func(m *machine, key uint64) error) func(m *machine) error {
		return func(m *machine) error {
			line, err := m.line()
			if err != nil {
				return err
			}
			key, err := strconv.ParseUint(line, 10, 64)
			if err != nil {
				return bad("byte %d: %q is no number", m.pos, clip(line))
			}
			return f(m, key)
		}
	}
	operations['p'], operations['g'] = text((*machine).remember), text((*machine).recall)
	operations[0x94] = func(m *machine) error { return m.remember(uint64(len(m.memo))) }
}

func calls() {
	operations['c'] = func(m *machine) error {
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		return m.global(module, name)
	}
	operations[0x93] = func(m *machine) error { // STACK_GLOBAL
		t, err := m.popTuple(2)
		if err != nil {
			return err
		}
		module, ok1 := t[0].(string)
		name, ok2 := t[1].(string)
		if !ok1 || !ok2 {
			return bad("byte %d: a global whose name is no text", m.pos)
		}
		return m.global(module, name)
	}
	call := func(m *machine) error {
		t, err := m.popTuple(2)
		if err != nil {
			return err
		}
		return m.call(t[0], t[1])
	}
	operations['R'], operations[0x81] = call, call // REDUCE, NEWOBJ
	operations[0x92] = func(m *machine) error {    // NEWOBJ_EX, whose keywords are not used
		t, err := m.popTuple(3)
		if err != nil {
			return err
		}
		return m.call(t[0], t[1])
	}
	operations['i'] = func(m *machine) error { // INST
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		args, err := m.sinceMark()
		if err != nil {
			return err
		}
		return m.instance(module, name, args)
	}
	operations['o'] = func(m *machine) error { // OBJ
		items, err := m.sinceMark()
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return bad("byte %d: an instance without a class", m.pos)
		}
		return m.call(items[0], Tuple(items[1:]))
	}
	operations['b'] = (*machine).build
	operations['Q'] = (*machine).persistent
	operations['P'] = func(m *machine) error {
		line, err := m.line()
		if err != nil {
			return err
		}
		if err := m.push(line); err != nil {
			return err
		}
		return m.persistent()
	}
}
