package pickle

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// Rules are what a pickle may do.
type Rules struct {
	// Find returns the constructor of a global, or false for one that is not
	// on the list, which becomes inert.
	Find func(name string) (Constructor, bool)
	// Persistent resolves a persistent id; nil allows none.
	Persistent func(id any) (any, error)
}

// Read interprets the next pickle of the source.
func Read(s *Source, rules Rules) (any, error) {
	m := &machine{Source: s, rules: rules, memo: map[uint64]any{}}
	start := s.pos
	for {
		op, err := m.byte()
		if err != nil {
			return nil, err
		}
		if op == opStop {
			return m.pop()
		}
		run := operations[op]
		if run == nil {
			return nil, bad("byte %d: 0x%02x is no operation", m.pos-1, op)
		}
		if err := run(m); err != nil {
			return nil, errors.WithMessagef(err, "pickle at byte %d", start)
		}
		if len(m.stack) > maxValues || len(m.memo) > maxValues {
			return nil, bad("more than %d values", maxValues)
		}
		if m.cells > maxCells {
			return nil, bad("byte %d: it makes more values than any checkpoint, the limit is %d", m.pos, maxCells)
		}
	}
}

const (
	// maxValues bounds the stack and the memo; the largest checkpoints have some
	// ten thousand tensors of some ten values each.
	maxValues = 4 << 20
	// maxCells bounds all that a pickle makes, whether it is kept or not: some
	// 300 MB.
	maxCells = 16 << 20
)

// What values take, in cells of about 16 bytes.
const (
	dictCells   = 3
	objectCells = 9
)

// machine is the pickle machine: a stack, marks in it, and a memo.
type machine struct {
	*Source
	rules Rules
	stack []any
	marks []int
	memo  map[uint64]any
	cells int // that have been taken
}

// push puts a new value, or one more reference to an old one, on the stack.
func (m *machine) push(v any) error {
	m.cells += cellsOf(v)
	m.stack = append(m.stack, v)
	return nil
}

// cellsOf is what a value takes beside what it is made of, which has been
// counted; the elements of a dict or list may be copies.
func cellsOf(v any) int {
	switch x := v.(type) {
	case *Dict:
		return dictCells + 2*len(x.Keys)
	case *List:
		return dictCells + len(x.Items)
	case *Object:
		return objectCells
	}
	return 1
}

func (m *machine) pop() (any, error) {
	floor := 0
	if len(m.marks) > 0 {
		floor = m.marks[len(m.marks)-1]
	}
	if len(m.stack) <= floor {
		return nil, bad("byte %d: nothing left on the stack", m.pos)
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

func (m *machine) top() (any, error) {
	v, err := m.pop()
	if err == nil {
		m.stack = append(m.stack, v)
	}
	return v, err
}

// sinceMark takes everything off the stack down to the last mark.
func (m *machine) sinceMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, bad("byte %d: no mark on the stack", m.pos)
	}
	at := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	items := append([]any(nil), m.stack[at:]...)
	m.stack = m.stack[:at]
	return items, nil
}

func (m *machine) popTuple(n int) (Tuple, error) {
	t := make(Tuple, n)
	for i := n - 1; i >= 0; i-- {
		v, err := m.pop()
		if err != nil {
			return nil, err
		}
		t[i] = v
	}
	return t, nil
}

// pythonTwo has the modules that Python 3 calls otherwise.
var pythonTwo = map[string]string{"__builtin__": "builtins", "copy_reg": "copyreg"}

// global pushes a class. One that is not on the list is inert.
func (m *machine) global(module, name string) error {
	if now, ok := pythonTwo[module]; ok {
		module = now
	}
	full := module + "." + name
	f, _ := m.rules.Find(full)
	return m.push(&Class{Name: full, New: f})
}

// clip shortens a name from a hostile file, and keeps it on one line.
func clip(s string) string {
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return names.Printable(s)
}

// call pushes the result of a constructor, or an inert object in its place.
func (m *machine) call(callable, args any) error {
	t, ok := args.(Tuple)
	if !ok {
		// The result of an inert call, or a list: of interest to nobody but the
		// callable.
		t = Tuple{args}
	}
	if name, ok := inertName(callable); ok {
		return m.push(&Object{Class: name, Args: t})
	}
	class, isClass := callable.(*Class)
	switch {
	case !isClass:
		return bad("byte %d: it calls something that is no class", m.pos)
	case !ok:
		return bad("byte %d: %s is called with something that is no tuple", m.pos, clip(class.Name))
	}
	v, err := class.New(t)
	if err == nil {
		return m.push(v)
	}
	for _, arg := range t {
		if name, ok := inertName(arg); ok { // what depends on it is inert, too
			return m.push(&Object{Class: name, Args: t})
		}
	}
	return errors.WithMessage(err, clip(class.Name))
}

// instance calls a global, as Python 2's classes were written.
func (m *machine) instance(module, name string, args []any) error {
	if err := m.global(module, name); err != nil {
		return err
	}
	class, err := m.pop()
	if err != nil {
		return err
	}
	return m.call(class, Tuple(args))
}

// build gives the top of the stack its state.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	if s, ok := v.(Stater); ok {
		return s.SetState(state)
	}
	return nil
}

func (m *machine) setItems(items []any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	var d *Dict
	switch x := v.(type) {
	case *Dict:
		d = x
	case *Object:
		d = &x.Items
	}
	if d == nil || len(items)%2 != 0 {
		return bad("byte %d: items for something that is no dict", m.pos)
	}
	m.cells += len(items)
	for i := 0; i < len(items); i += 2 {
		d.Keys, d.Values = append(d.Keys, items[i]), append(d.Values, items[i+1])
	}
	return nil
}

func (m *machine) appendItems(items []any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	var l *List
	switch x := v.(type) {
	case *List:
		l = x
	case *Object:
		l = &x.Elems
	default:
		return bad("byte %d: items for something that is no list", m.pos)
	}
	m.cells += len(items)
	l.Items = append(l.Items, items...)
	return nil
}

func (m *machine) remember(key uint64) error {
	v, err := m.top()
	if err == nil {
		m.memo[key] = v
	}
	return err
}

func (m *machine) recall(key uint64) error {
	v, ok := m.memo[key]
	if !ok {
		return bad("byte %d: nothing remembered as %d", m.pos, key)
	}
	return m.push(v)
}

func (m *machine) persistent() error {
	id, err := m.pop()
	if err != nil {
		return err
	}
	if m.rules.Persistent == nil {
		return bad("byte %d: a persistent id, where there can be none", m.pos)
	}
	v, err := m.rules.Persistent(id)
	if err != nil {
		return err
	}
	return m.push(v)
}
