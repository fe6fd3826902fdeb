// Package classify owns image classification: from photographs to named
// classes with probabilities, on any backbone that has a classifier.
package classify
