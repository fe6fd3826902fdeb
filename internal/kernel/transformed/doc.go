// Package transformed is what algorithms have in common that transform the
// input, multiply many small matrices, and transform the products into the
// output: how their tasks are cut, and the products.
package transformed
