//go:build cgo

package opencv

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/video"
)

// source stands for the source's name in a path.
const source = "{source}"

// Writer is a sink that writes frames to a video file, whose folder exists.
// {source} in the path stands for the source's name; without it the frames
// must be of one source. The path's extension is one of .avi .mp4 .m4v .mov
// .mkv .webm .flv .wmv .mpg .ts and .3gp, and says which codecs there are. The
// first frame decides the size. The file has a constant rate: where the source's
// is unknown to be one, or frames are missing, pictures are repeated, so that each
// is shown at its time; Note says how many. With a rate of WriterOptions each frame
// is written once. Errors wrap video.ErrSink, or video.ErrConfig for what no
// machine could write.
func Writer(path string, o video.WriterOptions) video.Output {
	return video.Output{Name: path, Open: func(context.Context) (video.Sink, error) {
		codec, err := codecFor(path, o.Codec)
		if err != nil {
			return nil, err
		}
		if !(o.FPS >= 0 && o.FPS <= 1e5) {
			return nil, errors.Wrapf(video.ErrConfig, "%v frames per second", o.FPS)
		}
		dir := filepath.Dir(path)
		if info, err := os.Stat(dir); err != nil {
			return nil, errors.Wrap(video.ErrSink, err.Error())
		} else if !info.IsDir() {
			return nil, errors.Wrapf(video.ErrSink, "%s is no folder", dir)
		}
		return &writer{path: path, codec: codec, fps: o.FPS, files: map[string]*file{}}, nil
	}}
}

type writer struct {
	path, codec string
	fps         float64
	files       map[string]*file // by source
}

type file struct {
	path          string
	vw            *gocv.VideoWriter
	canvas        canvas
	width, height int
	pace          pace
}

// Write implements video.Sink.
func (w *writer) Write(ctx context.Context, r *video.Result) error {
	f := w.files[r.Source]
	if f == nil {
		if len(w.files) > 0 && !strings.Contains(w.path, source) {
			return errors.Wrapf(video.ErrSink, "frames of a second source: put %s into the path, or limit the sink to one source", source)
		}
		var err error
		if f, err = w.open(r); err != nil {
			return err
		}
		w.files[r.Source] = f
	}
	if r.Frame.Width != f.width || r.Frame.Height != f.height {
		return errors.Wrapf(video.ErrSink, "the frame is %dx%d, the file %dx%d: a video file keeps its size; end the pipeline and begin a new file", r.Frame.Width, r.Frame.Height, f.width, f.height)
	}
	for range f.pace.hold(r.PTS) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.picture(); err != nil { // the one before, once more
			return err
		}
	}
	if err := f.canvas.fill(r.Frame); err != nil {
		return err
	}
	return f.picture()
}

// picture writes what is on the canvas.
func (f *file) picture() error {
	if err := f.room(); err != nil {
		return err
	}
	f.pace.written++
	if err := f.vw.Write(f.canvas.mat); err != nil {
		return errors.Wrap(video.ErrSink, err.Error())
	}
	return nil
}

// room reports a disk that is nearly full. OpenCV does not: it would go on, and
// leave a file that cannot be played. What is kept free holds another frame,
// what waits in buffers, and the index that closing the file adds.
func (f *file) room() error {
	const buffers, perFrame = 256 << 10, 64
	need := uint64(buffers + 3*f.width*f.height + perFrame*f.pace.written)
	if free, ok := freeSpace(filepath.Dir(f.path)); ok && free < need {
		return errors.Wrapf(video.ErrSink, "no space left on device: %d kB are free, %d are needed to go on; the %d frames written are kept", free>>10, need>>10, f.pace.written)
	}
	return nil
}

func (w *writer) open(r *video.Result) (*file, error) {
	fps := w.fps
	if fps == 0 {
		fps = r.Frame.Rate
	}
	if fps <= 0 {
		fps = 25
	}
	name := strings.NewReplacer("/", "_", `\`, "_", ":", "_").Replace(r.Source)
	f := &file{path: strings.ReplaceAll(w.path, source, name), width: r.Frame.Width, height: r.Frame.Height, pace: pace{fps: fps, free: w.fps != 0}}
	var err error
	f.vw, err = gocv.VideoWriterFile(f.path, w.codec, fps, f.width, f.height, true)
	if err == nil && !f.vw.IsOpened() {
		_ = f.vw.Close()
		err = errors.New("it is not open")
	}
	if err != nil {
		return nil, errors.Wrapf(video.ErrSink, "OpenCV cannot write %s with the codec %s (%v)", f.path, w.codec, err)
	}
	return f, nil
}

// Note implements video.Noter.
func (w *writer) Note() string {
	var notes []string
	for _, f := range w.files {
		if n := f.pace.note(); n != "" {
			notes = append(notes, f.path+" "+n)
		}
	}
	slices.Sort(notes)
	return strings.Join(notes, "; ")
}

// Close implements video.Sink: it completes the files.
func (w *writer) Close() error {
	var failed error
	for _, f := range w.files {
		err := f.vw.Close()
		f.canvas.close()
		if info, e := os.Stat(f.path); err == nil && (e != nil || info.Size() == 0) {
			err = errors.Errorf("%s is empty", f.path)
		}
		if err != nil && failed == nil {
			failed = errors.Wrap(video.ErrSink, err.Error())
		}
	}
	return failed
}
