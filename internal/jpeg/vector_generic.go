//go:build !amd64 || noasm

package jpeg

var vectored = portable
