package video

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// defaultRate is the frames per second of pictures that have no times.
const defaultRate = 25

// imageTypes are the files that a folder is searched for.
var imageTypes = transform.Extensions()

// Images opens pictures as a source: a folder, whose pictures come in the
// natural order of their names (frame2 before frame10) but for hidden ones, or
// a glob. fps gives
// them times; 0 is 25. Errors wrap ErrSource.
func Images(path string, fps float64) Opener {
	return func(context.Context) (Source, error) {
		files, err := imageFiles(path)
		if err != nil {
			return nil, err
		}
		return newImageFiles(files, fps)
	}
}

// imageFiles lists a folder's pictures or a glob's files.
func imageFiles(path string) ([]string, error) {
	if err := named(path, ErrSource); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	var files []string
	switch {
	case err == nil && info.IsDir():
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, errors.Wrap(ErrSource, err.Error())
		}
		for _, e := range entries {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && slices.Contains(imageTypes, strings.ToLower(filepath.Ext(e.Name()))) {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
	case err == nil:
		files = []string{path}
	case !strings.ContainsAny(path, "*?["):
		return nil, errors.Wrap(ErrSource, err.Error())
	default:
		if files, err = filepath.Glob(path); err != nil {
			return nil, errors.Wrapf(ErrSource, "%s: %v", path, err)
		}
	}
	if len(files) == 0 {
		return nil, errors.Wrapf(ErrSource, "%s: there are no pictures (%s)", path, strings.Join(imageTypes, " "))
	}
	slices.SortFunc(files, natural)
	return files, nil
}

// natural compares names by their numbers, where they have some.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		n, m := digits(x), digits(y)
		if n > 0 && m > 0 {
			p, q := strings.TrimLeft(x[:n], "0"), strings.TrimLeft(y[:m], "0")
			if len(p) != len(q) {
				return len(p) - len(q)
			}
			if c := strings.Compare(p, q); c != 0 {
				return c
			}
			x, y = x[n:], y[m:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	if c := len(x) - len(y); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// digits counts the digits that a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// Sequence opens an image sequence as a source: pattern is a path with one
// verb for the number, such as frame_%05d.png, and first is the first number.
// It ends where a number is missing. Errors wrap ErrSource.
func Sequence(pattern string, first int, fps float64) Opener {
	return func(context.Context) (Source, error) {
		if !sequenceVerb(pattern) {
			return nil, errors.Wrapf(ErrConfig, "%q: want a path with one number, such as frame_%%05d.png", pattern)
		}
		var files []string
		for n := first; ; n++ {
			path := fmt.Sprintf(pattern, n)
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				if n == first {
					return nil, errors.Wrap(ErrSource, err.Error())
				}
				return newImageFiles(files, fps)
			} else if err != nil {
				return nil, errors.Wrap(ErrSource, err.Error())
			}
			files = append(files, path)
		}
	}
}

// sequenceVerb reports whether a pattern has exactly one verb, %d or %05d.
func sequenceVerb(pattern string) bool {
	verbs := 0
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			continue
		}
		if i++; i < len(pattern) && pattern[i] == '%' {
			continue
		}
		n := i
		i += digits(pattern[i:])
		if i >= len(pattern) || pattern[i] != 'd' || i-n > 2 {
			return false
		}
		verbs++
	}
	return verbs == 1
}

// imageSource reads one picture file after the other.
type imageSource struct {
	files []string
	next  int
	fps   float64
	// passOver says whether to go on after a bad picture; nil is no.
	passOver func(*BadPicture) bool
	memory   pixels
}

func newImageFiles(files []string, fps float64) (Source, error) {
	if !(fps >= 0 && fps <= maxRate) {
		return nil, errors.Wrapf(ErrConfig, "%v frames per second, want 0 to %v", fps, float64(maxRate))
	}
	setDefault(&fps, defaultRate)
	return &imageSource{files: files, fps: fps}, nil
}

// Info implements Source.
func (s *imageSource) Info() Info { return Info{FPS: s.fps, Frames: int64(len(s.files))} }

// Close implements Source.
func (s *imageSource) Close() error { return nil }

// Read implements Source.
func (s *imageSource) Read(ctx context.Context) (*Frame, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.next >= len(s.files) {
			return nil, io.EOF
		}
		path := s.files[s.next]
		index, pts, _ := s.Skip(ctx)
		f, err := s.memory.load(path)
		if err != nil {
			bad := &BadPicture{Path: path, Index: index, PTS: pts, Err: err}
			if s.passOver == nil || !s.passOver(bad) {
				return nil, bad
			}
			continue
		}
		f.Index, f.PTS, f.Rate = index, pts, s.fps
		return f, nil
	}
}

// Skip implements Skipper: a picture that is passed over is not decoded.
func (s *imageSource) Skip(context.Context) (int64, time.Duration, error) {
	if s.next >= len(s.files) {
		return 0, 0, io.EOF
	}
	index := int64(s.next)
	s.next++
	return index, timeOf(index, s.fps), nil
}

// Seek implements Seeker.
func (s *imageSource) Seek(_ context.Context, to time.Duration) error {
	s.next = 0
	for s.next < len(s.files) && timeOf(int64(s.next), s.fps) < to {
		s.next++
	}
	return nil
}

// timeOf is the time of a frame at a constant rate.
func timeOf(index int64, fps float64) time.Duration {
	return time.Duration(float64(index) / fps * float64(time.Second))
}
