package pickle

import (
	"github.com/pkg/errors"
)

// Rules are what a pickle may do.
type Rules struct {
	// Find returns the constructor of a global, or false for one that is not
	// on the list.
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
	}
}

// maxValues bounds the stack and the memo; the largest checkpoints have some
// ten thousand tensors of some ten values each.
const maxValues = 4 << 20

// machine is the pickle machine: a stack, marks in it, and a memo.
type machine struct {
	*Source
	rules Rules
	stack []any
	marks []int
	memo  map[uint64]any
}

func (m *machine) push(v any) error {
	m.stack = append(m.stack, v)
	return nil
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

// global pushes a class from the list.
func (m *machine) global(module, name string) error {
	full := module + "." + name
	f, ok := m.rules.Find(full)
	if !ok {
		return bad("it calls %q, which is not on the list of harmless constructors; if you trust the file, load it in Python and save only its tensors: torch.save(model.state_dict(), path)", clip(full))
	}
	return m.push(&Class{Name: full, New: f})
}

// clip shortens a name from a hostile file.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// call pushes the result of a constructor.
func (m *machine) call(callable, args any) error {
	class, ok := callable.(*Class)
	if !ok {
		return bad("byte %d: it calls something that is no class", m.pos)
	}
	t, ok := args.(Tuple)
	if !ok {
		return bad("byte %d: %s is called with something that is no tuple", m.pos, clip(class.Name))
	}
	v, err := class.New(t)
	if err != nil {
		return errors.WithMessage(err, clip(class.Name))
	}
	return m.push(v)
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
	d, ok := v.(*Dict)
	if !ok || len(items)%2 != 0 {
		return bad("byte %d: items for something that is no dict", m.pos)
	}
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
	l, ok := v.(*List)
	if !ok {
		return bad("byte %d: items for something that is no list", m.pos)
	}
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
