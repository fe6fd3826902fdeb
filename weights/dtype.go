package weights

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// DType is the type of a tensor's elements in the file. Reading converts all
// of them to float32.
type DType uint8

// The element types.
const (
	F32 DType = iota
	F64
	F16
	BF16
	I64
	I32
	I16
	I8
	U64
	U32
	U16
	U8
	Bool
)

var dtypes = [...]struct {
	name string
	size int
	read func(order binary.ByteOrder, b []byte) float32
}{
	F32: {"float32", 4, func(o binary.ByteOrder, b []byte) float32 { return math.Float32frombits(o.Uint32(b)) }},
	F64: {"float64", 8, func(o binary.ByteOrder, b []byte) float32 { return float32(math.Float64frombits(o.Uint64(b))) }},
	F16: {"float16", 2, func(o binary.ByteOrder, b []byte) float32 { return fromF16(o.Uint16(b)) }},
	BF16: {"bfloat16", 2, func(o binary.ByteOrder, b []byte) float32 {
		return math.Float32frombits(uint32(o.Uint16(b)) << 16)
	}},
	I64: {"int64", 8, func(o binary.ByteOrder, b []byte) float32 { return float32(int64(o.Uint64(b))) }},
	I32: {"int32", 4, func(o binary.ByteOrder, b []byte) float32 { return float32(int32(o.Uint32(b))) }},
	I16: {"int16", 2, func(o binary.ByteOrder, b []byte) float32 { return float32(int16(o.Uint16(b))) }},
	I8:  {"int8", 1, func(_ binary.ByteOrder, b []byte) float32 { return float32(int8(b[0])) }},
	U64: {"uint64", 8, func(o binary.ByteOrder, b []byte) float32 { return float32(o.Uint64(b)) }},
	U32: {"uint32", 4, func(o binary.ByteOrder, b []byte) float32 { return float32(o.Uint32(b)) }},
	U16: {"uint16", 2, func(o binary.ByteOrder, b []byte) float32 { return float32(o.Uint16(b)) }},
	U8:  {"uint8", 1, func(_ binary.ByteOrder, b []byte) float32 { return float32(b[0]) }},
	Bool: {"bool", 1, func(_ binary.ByteOrder, b []byte) float32 {
		if b[0] != 0 {
			return 1
		}
		return 0
	}},
}

// String is the type's name in PyTorch and NumPy.
func (t DType) String() string { return dtypes[t].name }

// Size is the bytes of one element.
func (t DType) Size() int { return dtypes[t].size }

// convert turns the bytes of len(dst) elements into float32.
func (t DType) convert(dst []float32, b []byte, order binary.ByteOrder) {
	size := t.Size()
	read := dtypes[t].read
	for i := range dst {
		dst[i] = read(order, b[i*size:])
	}
}

// native is the order of bytes in this machine's memory.
var native = nativeOrder()

func nativeOrder() binary.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// bytesOf views floats as the bytes that they are in memory, so that a file in
// the machine's order is read with no copy between.
func bytesOf(x []float32) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)) }

// fromF16 widens an IEEE half.
func fromF16(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, fraction := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // zero or subnormal: fraction · 2⁻²⁴
		v := float32(fraction) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(v))
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
