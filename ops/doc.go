// Package ops owns Tensor and the operators of the residual family, necks and
// heads, each with PyTorch's semantics and numbers.
//
// The operators here run one at a time and return a new tensor. Networks do
// not call them: they are graphs that an engine plans as a whole, with the
// same kernels.
//
// Every function checks its arguments and returns an error that wraps
// [ErrShape]; none panics. Shapes are written batch × channels × height ×
// width, and pairs of attributes are height first.
package ops
