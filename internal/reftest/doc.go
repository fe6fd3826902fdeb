// Package reftest holds what tests of several packages share: finding test
// data, filling tensors with the same pseudo-random values as the Python
// scripts in testdata/gen, and comparing tensors with a tolerance.
package reftest
