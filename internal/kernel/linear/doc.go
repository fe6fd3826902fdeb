// Package linear is fully connected layers, by the tiles of convolutions.
package linear
