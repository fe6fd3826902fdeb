// Package pickle interprets Python's pickles of protocols 0 to 5 without
// executing anything: the constructors that a pickle may name are a closed
// list of Go functions that the caller gives.
package pickle
