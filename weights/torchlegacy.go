package weights

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/vertebra-vision/vertebra/weights/internal/pickle"
)

// PyTorch's format before 1.6: five pickles (a magic number, the protocol,
// facts about the machine, the object, the storages' keys), then each storage
// as its number of elements and its bytes.

// legacyMagic is the first pickle's number, 0x1950a86a20f9469cfc6c, as LONG1 of 10
// bytes; protocols before 2 write it in decimal.
var (
	legacyMagic   = []byte{0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19}
	legacyDecimal = []byte("L119547037146038801333356L\n.")
)

// legacyHead is how many bytes isLegacy looks at.
const legacyHead = 28

func isLegacy(head []byte) bool {
	if bytes.HasPrefix(head, legacyDecimal) {
		return true
	}
	if len(head) < 2 || head[0] != 0x80 {
		return false
	}
	const frame = 0x95 // of protocol 4, with its length
	if len(head) > 11 && head[2] == frame {
		return bytes.HasPrefix(head[11:], legacyMagic)
	}
	return bytes.HasPrefix(head[2:], legacyMagic)
}

func openLegacy(r io.ReaderAt, size int64, under string) (*StateDict, error) {
	s := pickle.NewSource(r, 0, size)
	l := &legacy{r: r, size: size, order: littleEndian, storages: map[string]*torchStorage{}, roots: map[string]*torchStorage{}}
	if _, err := readPickle(s, nil); err != nil { // the magic number
		return nil, err
	}
	protocol, err := readPickle(s, nil)
	if err != nil {
		return nil, err
	}
	if protocol != int64(1001) {
		return nil, malformed("protocol %v, 1001 was expected", protocol)
	}
	machine, err := readPickle(s, nil)
	if err != nil {
		return nil, err
	}
	if d, ok := machine.(*pickle.Dict); ok {
		if little, ok := d.Get("little_endian"); ok && little == false {
			l.order = binary.BigEndian
		}
	}
	object, err := readPickle(s, resolver(l.resolve))
	if err != nil {
		return nil, err
	}
	keys, err := readPickle(s, nil)
	if err != nil {
		return nil, err
	}
	if err := l.locate(keys, s.Pos()); err != nil {
		return nil, err
	}
	return collect(object, r, under)
}

type legacy struct {
	r     io.ReaderAt
	size  int64
	order binary.ByteOrder
	// storages are what tensors refer to: roots, which have bytes in the
	// file, and views of them.
	storages, roots map[string]*torchStorage
	views           []legacyView
}

type legacyView struct{ view, root *torchStorage }

// resolve makes a storage of a persistent id; its bytes come later.
func (l *legacy) resolve(s storageID) (any, error) {
	root := l.roots[s.key]
	if root == nil {
		root = &torchStorage{dtype: s.dtype, untyped: s.untyped, elements: s.elements, order: l.order}
		l.roots[s.key] = root
	}
	if root.dtype != s.dtype || root.elements != s.elements {
		return nil, malformed("storage %s is described in two ways", s.key)
	}
	if s.view == nil {
		return root, nil
	}
	return l.view(s, root)
}

// view makes a storage that is a stretch of another.
func (l *legacy) view(s storageID, root *torchStorage) (any, error) {
	if len(s.view) != 3 {
		return nil, malformed("storage %s has a view of %d parts", s.key, len(s.view))
	}
	key, ok := s.view[0].(string)
	if !ok {
		return nil, malformed("storage %s has a view without a key", s.key)
	}
	offset, err := asInt(s.view[1])
	if err != nil {
		return nil, err
	}
	n, err := asInt(s.view[2])
	if err != nil {
		return nil, err
	}
	if offset < 0 || n < 0 || offset > root.elements || n > root.elements-offset {
		return nil, malformed("storage %s has a view from %d of %d elements, it has %d", s.key, offset, n, root.elements)
	}
	if have := l.storages[key]; have != nil {
		return have, nil
	}
	v := &torchStorage{dtype: root.dtype, untyped: root.untyped, elements: n, offset: offset, order: l.order}
	l.storages[key] = v
	l.views = append(l.views, legacyView{v, root})
	return v, nil
}

// locate finds the bytes of the storages, which follow the pickles in the
// order of the list of keys.
func (l *legacy) locate(keys any, at int64) error {
	list, ok := keys.(*pickle.List)
	if !ok {
		return malformed("the list of storages is %T", keys)
	}
	for _, k := range list.Items {
		key, _ := k.(string)
		root := l.roots[key]
		if root == nil {
			return malformed("the file has a storage %q that no tensor uses", key)
		}
		if root.bytes != nil {
			return malformed("storage %s appears twice", key)
		}
		n, err := l.count(at)
		if err != nil {
			return named(err, "storage "+key)
		}
		if n != root.elements {
			return malformed("storage %s has %d elements, %d were announced", key, n, root.elements)
		}
		at += 8
		size := int64(root.dtype.Size())
		if n > (l.size-at)/size {
			return malformed("storage %s needs %d bytes, the file has %d left: it is cut off", key, n*size, l.size-at)
		}
		root.bytes = &fileStorage{r: l.r, at: at, n: n * size}
		at += n * size
	}
	for _, v := range l.views {
		v.view.bytes = v.root.bytes
	}
	return nil
}

// count reads a storage's number of elements.
func (l *legacy) count(at int64) (int64, error) {
	var b [8]byte
	if _, err := l.r.ReadAt(b[:], at); err != nil {
		return 0, malformed("the file ends at %d, it is cut off", l.size)
	}
	return int64(l.order.Uint64(b[:])), nil
}
