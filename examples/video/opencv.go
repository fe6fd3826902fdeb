//go:build cgo

package main

import _ "github.com/vertebra-vision/vertebra/video/opencv" // video files, cameras, RTSP
