package weights

import (
	"encoding/binary"
	"io"
	"strings"

	"github.com/vertebra-vision/vertebra/weights/internal/pickle"
)

// torchStorage is a storage as a pickle refers to it. Its bytes are found when
// the whole file has been read.
type torchStorage struct {
	dtype    DType
	untyped  bool // a stretch of bytes, whose type comes with each tensor
	elements int64
	offset   int64 // of a legacy view into its storage, in elements
	bytes    storage
	order    binary.ByteOrder
}

// torchTensor is a tensor as a pickle describes it.
type torchTensor struct {
	storage        *torchStorage
	dtype          DType
	offset         int64
	shape, strides []int64
}

func (t *torchTensor) rank() int { return len(t.shape) }

// bind makes a tensor of its bytes.
func (t *torchTensor) bind(name string, _ io.ReaderAt) (*Tensor, error) {
	if len(t.shape) != len(t.strides) {
		return nil, malformed("shape %v with strides %v", t.shape, t.strides)
	}
	s := t.storage
	if s.bytes == nil {
		return nil, malformed("its storage is not in the file")
	}
	if t.offset < 0 || t.offset > s.elements {
		return nil, malformed("it begins at element %d of a storage of %d", t.offset, s.elements)
	}
	return newTensor(name, t.dtype, t.shape, t.strides, t.offset+s.offset, s.bytes, s.order)
}

// torchTypes are torch's names of element types: of typed storages and of
// dtypes.
var torchTypes = map[string]DType{
	"Float": F32, "Double": F64, "Half": F16, "BFloat16": BF16,
	"Long": I64, "Int": I32, "Short": I16, "Char": I8, "Byte": U8, "Bool": Bool,
	"float32": F32, "float": F32, "float64": F64, "double": F64, "float16": F16, "half": F16, "bfloat16": BF16,
	"int64": I64, "long": I64, "int32": I32, "int": I32, "int16": I16, "short": I16, "int8": I8, "uint8": U8,
	"uint16": U16, "uint32": U32, "uint64": U64, "bool": Bool,
}

// torchGlobals are the functions that rebuild tensors, and the types they
// need.
var torchGlobals = func() map[string]pickle.Constructor {
	m := map[string]pickle.Constructor{
		"torch._utils._rebuild_tensor":               rebuildTensor,
		"torch._utils._rebuild_tensor_v2":            rebuildTensor,
		"torch._utils._rebuild_tensor_v3":            rebuildTensorV3,
		"torch._utils._rebuild_parameter":            firstArgument,
		"torch._utils._rebuild_parameter_with_state": firstArgument,
		"torch._tensor._rebuild_from_type_v2":        rebuildFromType,
		"torch.nn.parameter.Parameter":               firstArgument,
		"torch.nn.parameter.Buffer":                  firstArgument,
		"torch.Size":                                 firstArgument,
		"torch.storage.UntypedStorage":               inert("UntypedStorage"),
		"torch.UntypedStorage":                       inert("UntypedStorage"),
	}
	for name := range torchTypes {
		if strings.ToLower(name[:1]) == name[:1] {
			m["torch."+name] = inert("dtype")
		} else {
			m["torch."+name+"Storage"] = inert("storage")
			m["torch.cuda."+name+"Storage"] = inert("storage")
		}
	}
	return m
}()

// rebuildTensor is (storage, offset, size, stride, …).
func rebuildTensor(args pickle.Tuple) (any, error) {
	if len(args) < 4 {
		return nil, malformed("%d arguments, at least 4 were expected", len(args))
	}
	s, ok := args[0].(*torchStorage)
	if !ok {
		return nil, malformed("a tensor over %T, a storage was expected", args[0])
	}
	if s.untyped {
		return nil, malformed("a tensor without a type over an untyped storage")
	}
	return newTorchTensor(s, s.dtype, args)
}

// rebuildTensorV3 is (storage, offset, size, stride, requires_grad,
// backward_hooks, dtype, …).
func rebuildTensorV3(args pickle.Tuple) (any, error) {
	if len(args) < 7 {
		return nil, malformed("%d arguments, at least 7 were expected", len(args))
	}
	s, ok := args[0].(*torchStorage)
	if !ok {
		return nil, malformed("a tensor over %T, a storage was expected", args[0])
	}
	class, _ := args[6].(*pickle.Class)
	if class == nil {
		return nil, malformed("a tensor without a type")
	}
	dtype, ok := torchTypes[strings.TrimPrefix(class.Name, "torch.")]
	if !ok {
		return nil, malformed("a tensor of type %q", class.Name)
	}
	return newTorchTensor(s, dtype, args)
}

func newTorchTensor(s *torchStorage, dtype DType, args pickle.Tuple) (any, error) {
	offset, err := asInt(args[1])
	if err != nil {
		return nil, err
	}
	shape, err := asInts(args[2])
	if err != nil {
		return nil, err
	}
	strides, err := asInts(args[3])
	if err != nil {
		return nil, err
	}
	return &torchTensor{storage: s, dtype: dtype, offset: offset, shape: shape, strides: strides}, nil
}

// rebuildFromType is (function, type, arguments, state).
func rebuildFromType(args pickle.Tuple) (any, error) {
	if len(args) < 3 {
		return nil, malformed("%d arguments, at least 3 were expected", len(args))
	}
	class, ok := args[0].(*pickle.Class)
	inner, ok2 := args[2].(pickle.Tuple)
	if !ok || !ok2 || !strings.HasPrefix(class.Name, "torch._utils._rebuild_") {
		return nil, malformed("a tensor subclass that is rebuilt by something else than torch's functions")
	}
	return class.New(inner)
}

func firstArgument(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return &pickle.Object{Class: "empty"}, nil
	}
	return args[0], nil
}

// storageID is a persistent id: ('storage', type, key, location, elements),
// with a view (key, offset, elements) or None behind it in legacy files.
type storageID struct {
	key      string
	dtype    DType
	untyped  bool
	elements int64
	view     pickle.Tuple
}

// resolver makes what a persistent id stands for: a storage by the given
// function. Legacy files have classes of modules, too, with their source text.
func resolver(storage func(storageID) (any, error)) func(id any) (any, error) {
	return func(id any) (any, error) {
		t, ok := id.(pickle.Tuple)
		if !ok || len(t) < 2 {
			return nil, malformed("a persistent id that is no storage's")
		}
		class, ok := t[1].(*pickle.Class)
		if ok && t[0] == "module" {
			return class, nil
		}
		if len(t) < 5 || t[0] != "storage" {
			return nil, malformed("a persistent id that is no storage's")
		}
		if !ok {
			return nil, malformed("a storage without a type")
		}
		s, err := parseStorageID(t)
		if err != nil {
			return nil, err
		}
		var known bool
		if s.dtype, s.untyped, known = storageType(class.Name); !known {
			return opaqueStorage(class.Name, s)
		}
		return storage(s)
	}
}

func parseStorageID(t pickle.Tuple) (s storageID, err error) {
	var ok bool
	if s.key, ok = t[2].(string); !ok || s.key == "" {
		return s, malformed("a storage without a key")
	}
	if s.elements, err = asInt(t[4]); err != nil {
		return s, err
	}
	if s.elements < 0 {
		return s, malformed("storage %s has %d elements", s.key, s.elements)
	}
	if len(t) > 5 {
		s.view, _ = t[5].(pickle.Tuple)
	}
	return s, nil
}

// storageType reads the elements' type off a storage's class.
func storageType(class string) (dtype DType, untyped, ok bool) {
	name, ok := strings.CutSuffix(class[strings.LastIndexByte(class, '.')+1:], "Storage")
	if ok && name == "Untyped" {
		return U8, true, true
	}
	dtype, known := torchTypes[name]
	return dtype, false, ok && known
}

// opaqueStorage stands for a storage of elements that are not read: quantised
// or complex ones. Tensors on it are inert.
func opaqueStorage(class string, s storageID) (any, error) {
	if !strings.HasPrefix(class, "torch.") || !strings.HasSuffix(class, "Storage") {
		return nil, malformed("a storage of type %q", class)
	}
	return &pickle.Object{Class: class}, nil
}
