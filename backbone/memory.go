package backbone

// MemoryUse is what a network holds between runs, in bytes. The tensors that its
// runs return are the caller's.
type MemoryUse struct {
	// Weights are in memory as they were loaded. Networks that were extended from
	// one another share those that neither loaded anew; each counts them.
	Weights int64
	// Packed are the weights in the orders in which plans read them.
	Packed int64
	// Arenas are those that runs gave back, for the next.
	Arenas int64
	// Plans are those that are kept.
	Plans int
}

// Total is the sum of the bytes.
func (m MemoryUse) Total() int64 { return m.Weights + m.Packed + m.Arenas }

// MemoryUse tells what the network holds at the moment. It is nothing before the
// weights are loaded or first needed, and after Close.
func (n *Network) MemoryUse() MemoryUse { return MemoryUse(n.model.MemoryUse()) }

// PlanMemory is what a run of a plan needs, in bytes: what [WithMemoryLimit]
// bounds.
type PlanMemory struct {
	// Weights are the network's in memory as they were loaded, and Packed in the
	// orders in which this and its other plans read them.
	Weights, Packed int64
	// Arena is what the run's intermediate values share, Outputs what it returns.
	Arena, Outputs int64
}

// Total is the sum.
func (m PlanMemory) Total() int64 { return m.Weights + m.Packed + m.Arena + m.Outputs }

// Memory is what a run of the plan needs. Runs at the same time each have an
// arena and outputs, and share the weights.
func (p *Plan) Memory() PlanMemory { return PlanMemory(p.plan.Memory()) }
