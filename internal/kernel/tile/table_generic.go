//go:build !amd64 || noasm

package tile

// table is empty: without assembly there are no blocked layouts.
var table []Tile
