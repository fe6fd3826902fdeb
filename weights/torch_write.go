package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"strconv"

	"github.com/pkg/errors"
)

// torchFolder is the folder inside the zip; PyTorch takes any name.
const torchFolder = "archive/"

// writeTorch writes the zip that torch.save does: a pickle of an OrderedDict of
// tensors, and each one's elements in an entry of its own.
func (sd *StateDict) writeTorch(w io.Writer) error {
	table, err := sd.torchPickle()
	if err != nil {
		return err
	}
	z := &alignedZip{at: countingWriter{w: w}}
	z.Writer = zip.NewWriter(&z.at)
	entries := []struct{ name, text string }{
		{"data.pkl", string(table)}, {"byteorder", "little"}, {"version", "3\n"},
	}
	for _, e := range entries {
		if err := z.entry(torchFolder+e.name, func(w io.Writer) error {
			_, err := io.WriteString(w, e.text)
			return err
		}); err != nil {
			return err
		}
	}
	for i, name := range sd.names {
		if err := z.entry(torchFolder+"data/"+strconv.Itoa(i), sd.tensors[name].writeRaw); err != nil {
			return err
		}
	}
	return errors.Wrap(z.Close(), "writing the zip directory")
}

// alignedZip is a zip of stored entries whose data begin at multiples of 64
// bytes, so that they can be mapped into memory.
type alignedZip struct {
	*zip.Writer
	at countingWriter
	// waiting is the bytes that describe the entry before, and are written when
	// the next begins.
	waiting int64
}

func (z *alignedZip) entry(name string, write func(w io.Writer) error) error {
	if err := z.Flush(); err != nil {
		return errors.Wrap(err, "writing "+name)
	}
	const header, field = 30, 4 // bytes of a local header, and of a field's own
	pad := 63 - (z.at.n+z.waiting+header+int64(len(name))+field-1)%64
	extra := append([]byte("FB"), byte(pad), 0)
	h := &zip.FileHeader{Name: name, Method: zip.Store, Extra: append(extra, make([]byte, pad)...)}
	w, err := z.CreateHeader(h)
	if err != nil {
		return errors.Wrap(err, "writing "+name)
	}
	own := countingWriter{w: w}
	err = write(&own)
	if z.waiting = 16; own.n >= math.MaxUint32 {
		z.waiting = 24 // with sizes of 64 bits
	}
	return errors.WithMessage(err, "writing "+name)
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// torchStorageTypes are the names of storages with each type of elements.
var torchStorageTypes = map[DType]string{
	F32: "Float", F64: "Double", F16: "Half", BF16: "BFloat16",
	I64: "Long", I32: "Int", I16: "Short", I8: "Char", U8: "Byte", Bool: "Bool",
}

// torchPickle is the table of contents, in protocol 2.
func (sd *StateDict) torchPickle() ([]byte, error) {
	var p pickler
	p.WriteString("\x80\x02ccollections\nOrderedDict\n)R(")
	for i, name := range sd.names {
		t := sd.tensors[name]
		storage, ok := torchStorageTypes[t.dtype]
		if !ok {
			return nil, unfit("%s: torch.load knows no tensors of %v; save it as .safetensors", name, t.dtype)
		}
		p.text(name)
		p.WriteString("ctorch._utils\n_rebuild_tensor_v2\n((")
		p.text("storage")
		p.WriteString("ctorch\n" + storage + "Storage\n")
		p.text(strconv.Itoa(i))
		p.text("cpu")
		p.int(int64(t.Len()))
		p.WriteString("tQ")
		p.int(0)
		strides, n := make([]int64, len(t.shape)), int64(1)
		for d := len(strides) - 1; d >= 0; d-- {
			strides[d] = n
			n *= int64(max(t.shape[d], 1))
		}
		p.WriteByte('(')
		for _, d := range t.shape {
			p.int(int64(d))
		}
		p.WriteString("t(")
		for _, s := range strides {
			p.int(s)
		}
		p.WriteString("t\x89ccollections\nOrderedDict\n)RtR") // requires_grad, hooks
	}
	p.WriteString("u.")
	return p.Bytes(), nil
}

// pickler writes values.
type pickler struct{ bytes.Buffer }

func (p *pickler) text(s string) {
	p.WriteByte('X')
	p.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	p.WriteString(s)
}

func (p *pickler) int(v int64) {
	if v < 1<<31 {
		p.WriteByte('J')
		p.Write(binary.LittleEndian.AppendUint32(nil, uint32(v)))
		return
	}
	p.WriteString("\x8a\x08")
	p.Write(binary.LittleEndian.AppendUint64(nil, uint64(v)))
}
