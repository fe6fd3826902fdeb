// Package transform owns image preprocessing: decoding photographs and
// bringing them to what a network was trained on, with torchvision's numbers
// on Pillow images.
package transform
