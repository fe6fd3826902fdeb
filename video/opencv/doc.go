// Package opencv gives package video the sources and sinks that need OpenCV:
// video files, cameras, RTSP and HTTP streams and GStreamer pipelines; video
// files to write, and windows. Importing it registers them with package video:
//
//	import _ "github.com/vertebra-vision/vertebra/video/opencv"
//
// It is the only package that needs cgo, and OpenCV 4 with its headers. Without
// cgo it is empty, and package video says what is missing.
package opencv
