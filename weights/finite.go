package weights

import "github.com/vertebra-vision/vertebra/ops"

// NonFiniteTensor counts the values of a tensor that are no numbers.
type NonFiniteTensor struct {
	Name     string
	NaN, Inf int
}

// NonFinite reads every tensor and lists those with NaN or infinite values.
// Loading allows such values, as PyTorch does; this tells where they are.
func NonFinite(sd *StateDict) ([]NonFiniteTensor, error) {
	var list []NonFiniteTensor
	for _, name := range sd.names {
		data, err := sd.tensors[name].Float32s()
		if err != nil {
			return nil, err
		}
		first := ops.IndexNonFinite(data)
		if first < 0 {
			continue
		}
		n := NonFiniteTensor{Name: name}
		for _, v := range data[first:] {
			switch {
			case v != v:
				n.NaN++
			case v-v != 0:
				n.Inf++
			}
		}
		list = append(list, n)
	}
	return list, nil
}
