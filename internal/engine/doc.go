// Package engine turns a graph into a plan and runs it:
//
//	graph ──taps, fuse, lower, memory──▶ Plan ──Run(session)──▶ wanted values
//
// Compile starts from the wanted nodes, so what they do not need is not
// computed. Each pass is a file: taps.go inserts hooks, fuse.go folds batch
// normalisation, residual additions and activations into the operator before
// them, lower.go picks a kernel for each remaining unit, memory.go lays out
// every intermediate value in one arena by liveness.
//
// A Plan is immutable and shared; each run borrows a session with an arena of
// its own. Only the input, the wanted values and what hooks see are NCHW by
// contract; how a plan lays out the values between them is its own affair.
package engine
