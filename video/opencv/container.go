//go:build cgo

package opencv

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/video"
)

// The codes of codecs, by family.
const (
	mpeg4 = "mp4v FMP4 XVID DIVX DX50"
	h264  = "avc1 H264 X264"
	h265  = "hev1 hvc1 HEVC"
	vp9   = "VP90 vp09"
	whole = "FFV1 HFYU FFVH MPNG" // lossless
)

// containers has the codecs of each kind of video file, by its extension, the
// default first. OpenCV hands a pair that one of its backends refuses to the
// next: FFmpeg refuses MJPG in .webm, and GStreamer, where its plugins are
// installed, makes a file that is none. With these pairs the frames that were
// written are read back, so what is accepted is the same on every machine.
// Whether a codec's encoder is there is the machine's matter.
var containers = map[string]string{
	".avi":  strings.Join([]string{"MJPG", mpeg4, h264, h265, "VP80", vp9, "AV01", whole, "I420 IYUV YV12 WMV1 WMV2 FLV1"}, " "),
	".mkv":  strings.Join([]string{mpeg4, "MJPG", h264, h265, "VP80", vp9, "AV01", whole, "I420 IYUV YV12 WMV1 WMV2 FLV1"}, " "),
	".mov":  strings.Join([]string{mpeg4, "MJPG", h264, h265, whole}, " "),
	".mp4":  strings.Join([]string{mpeg4, "MJPG", h264, h265, vp9, "AV01"}, " "),
	".m4v":  strings.Join([]string{mpeg4, h264}, " "),
	".3gp":  strings.Join([]string{mpeg4, h264}, " "),
	".ts":   strings.Join([]string{mpeg4, h264, h265}, " "),
	".mpg":  strings.Join([]string{mpeg4, h264, h265}, " "),
	".webm": strings.Join([]string{"VP80", vp9, "AV01"}, " "),
	".flv":  strings.Join([]string{"FLV1", h264}, " "),
	".wmv":  strings.Join([]string{"WMV2 WMV1 MJPG", mpeg4, h264}, " "),
}

// codecFor is the codec to write a file with: the one asked for, if its
// container can have it, or the container's default for "". Errors wrap
// video.ErrConfig.
func codecFor(path, codec string) (string, error) {
	extension := strings.ToLower(filepath.Ext(path))
	list := strings.Fields(containers[extension])
	if len(list) == 0 {
		known := slices.Sorted(maps.Keys(containers))
		return "", errors.Wrapf(video.ErrConfig, "the extension %q is of no video file that can be written, want one of %s", extension, strings.Join(known, " "))
	}
	if codec == "" {
		return list[0], nil
	}
	for _, c := range list {
		if strings.EqualFold(c, codec) {
			return c, nil
		}
	}
	return "", errors.Wrapf(video.ErrConfig, "codec %q, want one that a %s file can have: %s", codec, extension, strings.Join(list, " "))
}
