// Package container reads from a video file what decoders lose or get wrong: how
// its pictures are to be turned, and when each is to be shown. It knows MP4 and
// QuickTime, whole and in fragments, and Matroska with WebM; it decodes nothing.
package container
