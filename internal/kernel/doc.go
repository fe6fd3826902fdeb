// Package kernel is what the rooms of the kernels stand on: what a kernel is,
// how maps lie in memory, the epilogue, instruction sets and their forcing, and
// what an algorithm for convolutions and a routine in assembly are.
//
// A kernel is an operator bound to its shapes and parameters and cut into
// independent tasks, so that whoever runs it decides how many workers there
// are; results do not depend on that. Kernels check nothing: internal/engine
// gives them shapes that graph.Infer approved.
//
// Imports point down this list only.
//
//	catalog                        all routines in assembly, for tests and tools
//	choose                         all algorithms, and which one computes a convolution
//	conv winograd stem strassen    the algorithms of convolutions
//	linear pool norm resize
//	eltwise reorder softmax peak   the other families
//	transformed                    what Winograd's and Strassen's algorithms share
//	tile rows gemm                 microkernels: tiles of products; rows of pixels; gonum's
//	kernel                         this package
//
// Each room has its portable form, which is its specification and compiled
// everywhere, its assembly in files named for the instruction set, which
// module gen generates, and table_amd64.go, where that assembly is announced.
// kerneltest is how all of them are tested.
package kernel
