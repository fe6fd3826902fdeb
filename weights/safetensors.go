package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"sort"
)

// maxSafetensorsHeader is the format's own limit.
const maxSafetensorsHeader = 100 << 20

var safetensorsTypes = map[string]DType{
	"F32": F32, "F64": F64, "F16": F16, "BF16": BF16, "I64": I64, "I32": I32, "I16": I16, "I8": I8,
	"U64": U64, "U32": U32, "U16": U16, "U8": U8, "BOOL": Bool,
}

// safetensorsEntry is a tensor in the header.
type safetensorsEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// openSafetensors reads the header: 8 bytes of length, JSON, then the data.
func openSafetensors(r io.ReaderAt, size int64, under string) (*StateDict, error) {
	var head [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, malformed("the header is cut off")
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > maxSafetensorsHeader || int64(n) > size-8 {
		return nil, malformed("a header of %d bytes in a file of %d", n, size)
	}
	text := make([]byte, n)
	if _, err := r.ReadAt(text, 8); err != nil {
		return nil, malformed("reading the header: %v", err)
	}
	names, entries, err := parseSafetensors(text)
	if err != nil {
		return nil, err
	}
	data := size - 8 - int64(n)
	if err := checkCoverage(names, entries, data); err != nil {
		return nil, err
	}
	sd := New()
	for _, name := range names {
		e := entries[name]
		t, err := e.tensor(name, r, 8+int64(n))
		if err != nil {
			return nil, err
		}
		if err := sd.add(t); err != nil {
			return nil, malformed("%s appears twice", name)
		}
	}
	return sd.below(under)
}

func (e safetensorsEntry) tensor(name string, r io.ReaderAt, base int64) (*Tensor, error) {
	dtype, ok := safetensorsTypes[e.DType]
	if !ok {
		return nil, malformed("%s: elements of type %q", name, e.DType)
	}
	n, err := countElements(e.Shape)
	if err != nil {
		return nil, named(err, name)
	}
	if have := e.Offsets[1] - e.Offsets[0]; have != n*int64(dtype.Size()) {
		return nil, malformed("%s: %v of %v needs %d bytes, the offsets give %d", name, e.Shape, dtype, n*int64(dtype.Size()), have)
	}
	return newTensor(name, dtype, e.Shape, nil, 0, &fileStorage{r: r, at: base + e.Offsets[0], n: n * int64(dtype.Size())}, littleEndian)
}

// parseSafetensors reads the header's object key by key, for encoding/json
// would let the last of several equal keys win. Names come in the order of
// their data.
func parseSafetensors(text []byte) ([]string, map[string]safetensorsEntry, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, malformed("the header is no JSON object")
	}
	entries := map[string]safetensorsEntry{}
	metadata := false
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, nil, malformed("the header: %v", err)
		}
		name := t.(string) // what else could a key be
		if _, ok := entries[name]; ok || name == "__metadata__" && metadata {
			return nil, nil, malformed("%s appears twice", name)
		}
		if name == "__metadata__" {
			metadata = true
			var strings map[string]string
			if err := d.Decode(&strings); err != nil {
				return nil, nil, malformed("the metadata: %v", err)
			}
			continue
		}
		var e safetensorsEntry
		if err := d.Decode(&e); err != nil {
			return nil, nil, malformed("%s: %v", name, err)
		}
		entries[name] = e
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, malformed("the header: %v", err)
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return nil, nil, malformed("%d bytes behind the header's object", len(rest))
	}
	names := make([]string, 0, len(entries))
	for name := range entries {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := entries[names[i]].Offsets, entries[names[j]].Offsets
		if a != b {
			return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
		}
		return names[i] < names[j]
	})
	return names, entries, nil
}

// checkCoverage reports data that overlap, leave holes or reach beyond the
// file, which the format forbids.
func checkCoverage(names []string, entries map[string]safetensorsEntry, size int64) error {
	at := int64(0)
	for _, name := range names {
		o := entries[name].Offsets
		if o[0] != at || o[1] < o[0] {
			return malformed("%s: data from %d to %d, expected from %d on", name, o[0], o[1], at)
		}
		if o[1] > size {
			return malformed("%s: data from %d to %d, the file has %d bytes of data: it is cut off", name, o[0], o[1], size)
		}
		at = o[1]
	}
	if at != size {
		return malformed("the tensors have %d bytes, the file %d: it is cut off or has something behind them", at, size)
	}
	return nil
}
