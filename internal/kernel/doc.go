// Package kernel is the fastest code for each operator on this CPU.
//
// A kernel is an operator bound to its shapes and parameters and cut into
// independent tasks, so that whoever runs it decides how many workers there
// are; results do not depend on that. Kernels check nothing: internal/engine
// gives them shapes that graph.Infer approved.
package kernel
