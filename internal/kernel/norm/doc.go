// Package norm is the normalisations that depend on the map they normalise.
// Batch normalisation with running statistics is an epilogue, or eltwise.
package norm
