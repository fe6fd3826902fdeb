// Package graph is the intermediate representation of a network: a directed
// acyclic graph of named nodes over few operator kinds. It knows shapes,
// parameters and multiply-adds, and executes nothing; internal/engine does.
package graph
