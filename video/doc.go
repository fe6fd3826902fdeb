// Package video takes frames in and gives results out, for days: from files,
// cameras and streams, through one model, to files, browsers and programs.
//
//	source → preprocess → batch → model → post-process → annotate → sinks
//
// Each stage runs by itself, with a bounded queue between it and the next, on
// goroutines that the context of [Pipeline.Run] ends. Several sources share a
// model and take turns; the frames of one source keep their order.
//
// This package is pure Go. Its sources are folders and lists of images, image
// sequences, raw frames from a pipe (YUV4MPEG2, rawvideo) and MJPEG over HTTP.
// Package video/opencv adds video files, cameras, RTSP and GStreamer, and
// writes video files.
package video
