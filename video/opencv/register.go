//go:build cgo

package opencv

import "github.com/vertebra-vision/vertebra/video"

func init() {
	video.Register(video.Backend{
		File: File, URL: URL, GStreamer: GStreamer, Camera: Camera,
		Writer: Writer, Window: Window,
	})
}
