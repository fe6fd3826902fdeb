//go:build cgo

package opencv

import (
	"context"
	"image"
	"runtime"

	"github.com/pkg/errors"
	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/video"
	"github.com/vertebra-vision/vertebra/video/internal/bitstream"
)

// scout reads a file's packets some way ahead of the capture that decodes them
// and looks for another size of the pictures. OpenCV goes on with the size of the
// first: it repeats the last picture, or mixes rows of two, and says nothing.
type scout struct {
	vc   *gocv.VideoCapture
	mat  gocv.Mat
	scan bitstream.Scanner

	read  int64       // packets, each of which is a frame
	size  image.Point // of the pictures so far
	after image.Point // of those from the last packet on, if it differs
}

const (
	asPackets   = -1 // the value of VideoCaptureFormat for packets that are not decoded
	firstHeader = 64 // packets, one of which says the size, or no other will
)

// lead is how many frames before the change are not safe. A decoder works on so
// many at once, and holds so many back for their order; up to version 4.6 OpenCV
// takes their size from the newest.
var lead = int64(runtime.NumCPU() + 16)

// newScout is nil where the file's packets cannot be had, or do not say the size
// that OpenCV begins with.
func newScout(path string, size image.Point) *scout {
	vc, err := gocv.VideoCaptureFileWithAPI(path, gocv.VideoCaptureFFmpeg)
	if err != nil {
		return nil
	}
	s := &scout{vc: vc, mat: gocv.NewMat()}
	if vc.Set(gocv.VideoCaptureFormat, asPackets); vc.Get(gocv.VideoCaptureFormat) == asPackets {
		for s.read < firstHeader {
			p, told, ok := s.packet()
			if told && p == size {
				s.size = p
				return s
			}
			if told || !ok {
				break
			}
		}
	}
	s.close()
	return nil
}

// packet reads one. It reports the size if the packet tells it; ok is false at
// the file's end.
func (s *scout) packet() (size image.Point, told, ok bool) {
	if !s.vc.Read(&s.mat) || s.mat.Empty() {
		return size, false, false
	}
	s.read++
	data, err := s.mat.DataPtrUint8()
	if err != nil {
		return size, false, true
	}
	size, told = s.scan.Size(data)
	return size, told, true
}

// reach looks far enough ahead of a frame, and reports a change that is near it.
func (s *scout) reach(ctx context.Context, frame int64) error {
	if s == nil {
		return nil
	}
	for s.vc != nil && s.after == (image.Point{}) && s.read <= frame+lead {
		size, told, ok := s.packet()
		switch {
		case !ok:
			s.close()
		case told && size != s.size:
			s.after = size
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if s.after == (image.Point{}) || frame+lead < s.read-1 {
		return nil
	}
	return errors.Wrapf(video.ErrSource, "near frame %d the picture's size changes from %dx%d to %dx%d, which OpenCV does not follow: frames from %d on are not read; give them one size with ffmpeg -i IN -vf scale=%d:%d OUT",
		s.read-1, s.size.X, s.size.Y, s.after.X, s.after.Y, frame, s.size.X, s.size.Y)
}

// close frees what a scout has that is not needed any more.
func (s *scout) close() {
	if s == nil || s.vc == nil {
		return
	}
	_ = s.vc.Close()
	_ = s.mat.Close()
	s.vc = nil
}
