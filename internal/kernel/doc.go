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
//	eltwise reorder softmax        the other families
//	transformed                    what Winograd's and Strassen's algorithms share
//	tile rows gemm                 microkernels: tiles of products; rows of pixels; gonum's
//	kerneltest peak                how all of them are tested; the most this machine can do
//	kernel                         this package
//
// Each family has a portable form, which is the specification of its kernels and
// compiled everywhere: that of every algorithm for convolutions is conv's. Its
// assembly lies beside it in files named for the instruction set, which module
// gen generates, and table_amd64.go announces it.
package kernel
