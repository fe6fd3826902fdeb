// Package kerneltest is how the kernels of all rooms are tested: on every
// instruction set, in memory that ends at a protected page, on stacks that
// move, with random shapes, against naive references.
package kerneltest
