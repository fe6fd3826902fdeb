// Package model owns what backbones, necks and heads have in common: a graph
// with weights, names and hooks that runs. Their packages describe the graph
// and give this one a public face.
package model
