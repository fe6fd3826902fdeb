// Package examples has no code: its folders are programs. Its tests run them all
// as their users do, by their command lines.
package examples
