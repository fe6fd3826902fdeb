package weights

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// npyHeader is what an .npy file says of its array.
type npyHeader struct {
	dtype   DType
	order   binary.ByteOrder
	fortran bool
	shape   []int64
	size    int64 // of the header in bytes
}

// maxNPYHeader bounds a header; NumPy's own limit is 10,000.
const maxNPYHeader = 64 << 10

const npyMagic = "\x93NUMPY"

// readNPYHeader parses the header of versions 1 to 3.
func readNPYHeader(r io.Reader) (npyHeader, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:10]); err != nil || string(head[:6]) != npyMagic {
		return npyHeader{}, malformed("no .npy header")
	}
	h := npyHeader{size: 10}
	n := int64(binary.LittleEndian.Uint16(head[8:]))
	switch major := head[6]; major {
	case 1:
	case 2, 3:
		if _, err := io.ReadFull(r, head[10:]); err != nil {
			return npyHeader{}, malformed("the .npy header is cut off")
		}
		h.size = 12
		n = int64(binary.LittleEndian.Uint32(head[8:]))
	default:
		return npyHeader{}, malformed(".npy version %d, the newest is 3", major)
	}
	if n > maxNPYHeader {
		return npyHeader{}, malformed("an .npy header of %d bytes, at most %d are possible", n, maxNPYHeader)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return npyHeader{}, malformed("the .npy header is cut off")
	}
	h.size += n
	return h, h.parse(string(text))
}

// npyDict is the one form in which NumPy writes the header, a Python dict.
var npyDict = regexp.MustCompile(`^\{'descr': *'([^']{1,16})', *'fortran_order': *(True|False), *'shape': *\(([0-9L, ]*)\), *\} *\n?$`)

// npyStructured is the beginning of a header whose elements have fields.
var npyStructured = regexp.MustCompile(`^\{'descr': *\[`)

// errNotNumbers is wrapped by the errors of arrays that are well-formed and
// hold no numbers.
var errNotNumbers = errors.WithMessage(ErrFormat, "cannot be weights")

func (h *npyHeader) parse(text string) error {
	m := npyDict.FindStringSubmatch(text)
	if m == nil {
		if npyStructured.MatchString(text) {
			return errors.WithMessage(errNotNumbers, "an array of structures")
		}
		if len(text) > 120 {
			text = text[:120] + "…"
		}
		return malformed("the .npy header %q is not that of a plain array", text)
	}
	var err error
	if h.dtype, h.order, err = parseDescr(m[1]); err != nil {
		return err
	}
	h.fortran = m[2] == "True"
	for _, part := range strings.Split(m[3], ",") {
		part = strings.TrimSuffix(strings.TrimSpace(part), "L")
		if part == "" {
			continue
		}
		d, err := strconv.ParseInt(part, 10, 64)
		if err != nil || len(h.shape) >= maxRank {
			return malformed("the .npy shape (%s)", m[3])
		}
		h.shape = append(h.shape, d)
	}
	return nil
}

// numpyTypes are NumPy's codes of element types, without the byte order.
var numpyTypes = map[string]DType{
	"f4": F32, "f8": F64, "f2": F16, "i8": I64, "i4": I32, "i2": I16, "i1": I8,
	"u8": U64, "u4": U32, "u2": U16, "u1": U8, "b1": Bool,
}

// parseDescr reads a type such as <f4.
func parseDescr(descr string) (DType, binary.ByteOrder, error) {
	var order binary.ByteOrder = binary.LittleEndian
	code := strings.TrimLeft(descr, "<>|=")
	if strings.HasPrefix(descr, ">") {
		order = binary.BigEndian
	}
	t, ok := numpyTypes[code]
	if !ok {
		return 0, nil, errors.WithMessagef(errNotNumbers, "arrays of type %q", clean(descr))
	}
	return t, order, nil
}

// columnMajor are the strides of Fortran's order.
func columnMajor(shape []int64) []int64 {
	strides := make([]int64, len(shape))
	n := int64(1)
	for i, d := range shape {
		strides[i] = n
		n *= max(d, 1)
	}
	return strides
}

// bind makes a tensor of the bytes behind a header.
func (h *npyHeader) bind(name string, data storage) (*Tensor, error) {
	n, err := countElements(h.shape)
	if err != nil {
		return nil, err
	}
	if want := n * int64(h.dtype.Size()); data.size() != want {
		return nil, malformed("%s: shape %v of %v needs %d bytes, there are %d", name, h.shape, h.dtype, want, data.size())
	}
	var strides []int64
	if h.fortran {
		strides = columnMajor(h.shape)
	}
	return newTensor(name, h.dtype, h.shape, strides, 0, data, h.order)
}

// openNPY opens an .npy file: one tensor, called "arr_0" as np.savez does.
func openNPY(r io.ReaderAt, size int64, under string) (*StateDict, error) {
	h, err := readNPYHeader(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	t, err := h.bind("arr_0", &fileStorage{r: r, at: h.size, n: size - h.size})
	if err != nil {
		return nil, err
	}
	sd := New()
	if err := sd.add(t); err != nil {
		return nil, err
	}
	return sd.below(under)
}

// ReadNPY reads an array in .npy format into a tensor of float32.
func ReadNPY(r io.ReaderAt, size int64) (*ops.Tensor, error) {
	sd, err := openNPY(r, size, "")
	if err != nil {
		return nil, err
	}
	return sd.tensors["arr_0"].Tensor()
}

// WriteNPY writes a tensor in .npy format, version 1, float32.
func WriteNPY(w io.Writer, t *ops.Tensor) error {
	if t == nil {
		return errors.Wrap(ErrWeights, "the tensor is nil")
	}
	return (&Tensor{dtype: F32, shape: t.Shape(), values: t.Data()}).writeNPY(w)
}

// writeNPY writes a tensor in its own type, but bfloat16, which NumPy lacks, as
// float32.
func (t *Tensor) writeNPY(w io.Writer) error {
	dtype := t.dtype
	if dtype == BF16 {
		dtype = F32
	}
	parts := make([]string, len(t.shape))
	for i, d := range t.shape {
		parts[i] = strconv.Itoa(d)
	}
	shape := strings.Join(parts, ", ")
	if len(parts) == 1 {
		shape += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype.descr(), shape)
	// The array begins at a multiple of 64 bytes.
	text += strings.Repeat(" ", 63-(10+len(text))%64) + "\n"
	head := append([]byte(npyMagic+"\x01\x00"), byte(len(text)), byte(len(text)>>8))
	if _, err := w.Write(append(head, text...)); err != nil {
		return errors.Wrap(err, "writing .npy")
	}
	if dtype == t.dtype {
		return errors.WithMessage(t.writeRaw(w), "writing .npy")
	}
	data, err := t.Float32s()
	if err != nil {
		return err
	}
	return errors.Wrap(writeFloats(w, data), "writing .npy")
}

// descr is NumPy's code of a type.
func (t DType) descr() string {
	for code, own := range numpyTypes {
		if own == t {
			if t.Size() == 1 {
				return "|" + code
			}
			return "<" + code
		}
	}
	return ""
}

// writeFloats writes little-endian float32.
func writeFloats(w io.Writer, data []float32) error {
	buf := make([]byte, 0, chunk)
	for len(data) > 0 {
		n := min(len(data), chunk/4)
		buf = buf[:0]
		for _, v := range data[:n] {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}
