// Package imagefile owns what lies around the pixels of an image file: the
// chunks and directories it is made of, the orientation in its metadata, and
// the name of its format. It decodes no pixels and trusts no length.
package imagefile
