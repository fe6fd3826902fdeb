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

// Object is an inert instance: what the pickle says of something whose class is
// not on the list of constructors, and nothing made of it.
type Object struct {
	Class string // module.name
	Args  Tuple  // what it was called with
	State any    // what BUILD gave it: attributes, as a rule
	Items Dict   // of a subclass of dict
	Elems List   // of a subclass of list or set
}

// SetState keeps the state.
func (o *Object) SetState(state any) error {
	o.State = state
	return nil
}

// Attributes are the object's attributes by name, nil where it has none. The
// state of a class with slots is a pair, of which the first has the others.
func (o *Object) Attributes() *Dict {
	state := o.State
	if pair, ok := state.(Tuple); ok && len(pair) == 2 {
		state = pair[0]
	}
	d, _ := state.(*Dict)
	return d
}

// Stater is implemented by what a constructor returned and that wants the
// state which a pickle then sets (__setstate__). Others ignore it.
type Stater interface{ SetState(state any) error }

// Constructor makes the value of a call.
type Constructor func(args Tuple) (any, error)

// Class is a global by its name, as it lies on the stack. One that is not on
// the list has no constructor: what it is called with becomes an Object.
type Class struct {
	Name string // module.name
	New  Constructor
}

// inertName is the class of what is inert; false for other values.
func inertName(v any) (string, bool) {
	switch x := v.(type) {
	case *Object:
		return x.Class, true
	case *Class:
		return x.Name, x.New == nil
	}
	return "", false
}
