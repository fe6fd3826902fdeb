package weights

import (
	"encoding/binary"
	"io"

	"github.com/vertebra-vision/vertebra/weights/internal/pickle"
)

// numpyDtype is numpy.dtype in a pickle: the constructor gives the code, the
// state the byte order.
type numpyDtype struct {
	code  string
	order binary.ByteOrder
}

// SetState takes (version, byte order, …).
func (d *numpyDtype) SetState(state any) error {
	t, ok := state.(pickle.Tuple)
	if !ok || len(t) < 2 {
		return malformed("the state of a NumPy type")
	}
	if t[1] == ">" {
		d.order = binary.BigEndian
	}
	return nil
}

// ndarray is a NumPy array in a pickle.
type ndarray struct {
	dtype   *numpyDtype
	shape   []int64
	fortran bool
	data    any // []byte, string or pickle.Blob
}

// SetState takes (version, shape, dtype, is_fortran, bytes).
func (a *ndarray) SetState(state any) error {
	t, ok := state.(pickle.Tuple)
	if !ok || len(t) != 5 {
		return malformed("the state of a NumPy array")
	}
	var err error
	if a.shape, err = asInts(t[1]); err != nil {
		return err
	}
	if o, ok := t[2].(*pickle.Object); ok {
		a.dtype = &numpyDtype{code: o.Class} // a type of its own, no numbers to us
	} else if a.dtype, ok = t[2].(*numpyDtype); !ok {
		return malformed("a NumPy array without a type")
	}
	a.fortran = t[3] == true
	a.data = t[4]
	return nil
}

func (a *ndarray) rank() int { return len(a.shape) }

// bind makes a tensor of its bytes. The error of an array of something else
// than numbers is notNumbers.
func (a *ndarray) bind(name string, r io.ReaderAt) (*Tensor, error) {
	if a.dtype == nil {
		return nil, malformed("an array without contents")
	}
	dtype, order, err := parseDescr(a.dtype.code)
	if err != nil {
		return nil, err
	}
	if a.dtype.order != nil {
		order = a.dtype.order
	}
	h := npyHeader{dtype: dtype, order: order, fortran: a.fortran, shape: a.shape}
	switch data := a.data.(type) {
	case []byte:
		return h.bind(name, memoryStorage(data))
	case string:
		return h.bind(name, memoryStorage(data))
	case pickle.Blob:
		return h.bind(name, &fileStorage{r: r, at: data.Offset, n: data.Len})
	}
	return nil, malformed("an array whose elements are %T", a.data)
}

// numpyGlobals rebuild arrays; NumPy 2 moved core to _core.
var numpyGlobals = map[string]pickle.Constructor{
	"numpy.core.multiarray._reconstruct":  newArray,
	"numpy._core.multiarray._reconstruct": newArray,
	"numpy.ndarray":                       newArray,
	"numpy.dtype":                         newDtype,
	"numpy.core.numeric._frombuffer":      frombuffer,
	"numpy._core.numeric._frombuffer":     frombuffer,
}

func newArray(pickle.Tuple) (any, error) { return &ndarray{}, nil }

func newDtype(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return nil, malformed("a NumPy type without a code")
	}
	code, ok := args[0].(string)
	if !ok {
		return nil, malformed("a NumPy type whose code is %T", args[0])
	}
	return &numpyDtype{code: code}, nil
}

// frombuffer is protocol 5's (bytes, dtype, shape, order).
func frombuffer(args pickle.Tuple) (any, error) {
	if len(args) != 4 {
		return nil, malformed("%d arguments, 4 were expected", len(args))
	}
	dtype, ok := args[1].(*numpyDtype)
	if !ok {
		return nil, malformed("a NumPy array without a type")
	}
	shape, err := asInts(args[2])
	if err != nil {
		return nil, err
	}
	return &ndarray{dtype: dtype, shape: shape, fortran: args[3] == "F", data: args[0]}, nil
}
