// Package bitstream tells the size of the pictures in a coded stream from its
// packets, without decoding them: H.264, H.265, MPEG-2, MPEG-4 Visual, VP8, VP9,
// AV1 and motion JPEG.
package bitstream
