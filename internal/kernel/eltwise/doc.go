// Package eltwise is what happens to each element of a map on its own: affine
// maps, activations, additions, copies.
package eltwise
