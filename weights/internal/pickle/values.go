package pickle

// The values of Python as Go has them: nil, bool, int64, float64, string (str)
// and []byte (bytes) stand for themselves.

// Tuple is a tuple.
type Tuple []any

// List is a list or a set. It is a pointer's target because pickles fill it
// after they have remembered it.
type List struct{ Items []any }

// Dict is a dict in the order of insertion.
type Dict struct{ Keys, Values []any }

// Get finds the value of a string key.
func (d *Dict) Get(key string) (any, bool) {
	// The last one counts, as in Python.
	for i := len(d.Keys) - 1; i >= 0; i-- {
		if k, ok := d.Keys[i].(string); ok && k == key {
			return d.Values[i], true
		}
	}
	return nil, false
}

// Blob is a long string of bytes that was left in the file.
type Blob struct{ Offset, Len int64 }

// Object is an instance of which nothing is used: a class's name.
type Object struct{ Class string }

// Stater is implemented by what a constructor returned and that wants the
// state which a pickle then sets (__setstate__). Others ignore it.
type Stater interface{ SetState(state any) error }

// Constructor makes the value of a call.
type Constructor func(args Tuple) (any, error)

// Class is a global by its name, as it lies on the stack.
type Class struct {
	Name string // module.name
	New  Constructor
}
