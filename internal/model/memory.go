package model

// MemoryUse is what a model holds, in bytes.
type MemoryUse struct {
	Weights, Packed, Arenas int64
	Plans                   int
}

// MemoryUse tells what the model holds at the moment. A model that was closed, or
// has not needed its weights yet, holds nothing.
func (m *Model) MemoryUse() MemoryUse {
	var u MemoryUse
	if s := m.state.Load(); s != nil {
		u.Weights, u.Packed = s.params.Bytes()
		u.Plans, u.Arenas = s.plans.idle()
	}
	return u
}
