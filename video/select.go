package video

import (
	"context"
	"image"
	"io"
	"math"
	"time"

	"github.com/pkg/errors"
)

// Selection says which frames of a source to take, and which part of them. The
// zero value takes everything.
type Selection struct {
	// Start and End bound the time; an End of 0 is the source's end.
	Start, End time.Duration
	// Stride takes every n-th frame; 0 and 1 take all.
	Stride int
	// FPS leaves out frames so that at most so many a second are left, by
	// their timestamps; 0 leaves out none.
	FPS float64
	// ROI is the part of the picture to take; an empty one is the whole.
	ROI image.Rectangle
	// Loop begins again at the end. Numbers and times go on.
	Loop bool
}

func (s Selection) validate() error {
	switch {
	case s.Start < 0 || s.End < 0 || s.End != 0 && s.End <= s.Start:
		return errors.Wrapf(ErrConfig, "start %v and end %v: want an end after the start", s.Start, s.End)
	case s.Stride < 0:
		return errors.Wrapf(ErrConfig, "stride %d, want 1 or more", s.Stride)
	case !(s.FPS >= 0 && s.FPS <= maxRate):
		return errors.Wrapf(ErrConfig, "%v frames per second, want 0 to %v", s.FPS, float64(maxRate))
	case s.ROI != (image.Rectangle{}) && (s.ROI.Empty() || s.ROI.Min.X < 0 || s.ROI.Min.Y < 0):
		return errors.Wrapf(ErrConfig, "region of interest %v: want one inside the picture", s.ROI)
	}
	return nil
}

// maxRate is more frames per second than any camera gives.
const maxRate = 1e6

// selected is a source with a selection.
type selected struct {
	Selection
	open Opener
	src  Source
	info Info

	index   int64         // added to the source's numbers, in later rounds
	offset  time.Duration // added to its times
	last    time.Duration // of the frames seen
	next    int64         // the number after the frames seen
	passed  int64         // frames since Start, in all rounds
	due     time.Duration // when the next frame is wanted, with FPS
	started bool
	any     bool // a frame was seen in this round
}

// Select opens a source and takes a selection of its frames.
func Select(ctx context.Context, open Opener, s Selection) (Source, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	x := &selected{Selection: s, open: open}
	if err := x.begin(ctx); err != nil {
		return nil, err
	}
	return x, nil
}

// begin opens the source, again in later rounds, and goes to the start.
func (s *selected) begin(ctx context.Context) error {
	src, err := s.open(ctx)
	if err != nil {
		return err
	}
	s.src, s.any = src, false
	s.info = s.Selection.info(src.Info())
	if seeker, ok := src.(Seeker); ok && s.Start > 0 {
		return errors.WithMessagef(seeker.Seek(ctx, s.Start), "going to %v", s.Start)
	}
	return nil
}

// info is what a selection leaves of a source.
func (s Selection) info(i Info) Info {
	n := float64(i.Frames)
	if i.FPS > 0 && (s.Start > 0 || s.End > 0) {
		last := n
		if s.End > 0 {
			last = min(last, s.End.Seconds()*i.FPS)
		}
		n = max(0, last-s.Start.Seconds()*i.FPS)
	}
	if s.Stride > 1 {
		n = math.Ceil(n / float64(s.Stride))
		i.FPS /= float64(s.Stride)
	}
	if s.FPS > 0 && i.FPS > s.FPS {
		n *= s.FPS / i.FPS
		i.FPS = s.FPS
	}
	if !s.ROI.Empty() {
		i.Width, i.Height = s.ROI.Dx(), s.ROI.Dy()
	}
	i.Frames = int64(n + 0.5)
	if s.Loop {
		i.Frames = 0
	}
	return i
}

// Info implements Source.
func (s *selected) Info() Info { return s.info }

// Close implements Source.
func (s *selected) Close() error {
	if s.src == nil {
		return nil
	}
	src := s.src
	s.src = nil
	return src.Close()
}

// Read implements Source.
func (s *selected) Read(ctx context.Context) (*Frame, error) {
	for {
		if s.src == nil {
			return nil, errors.Wrap(ErrSource, "closed")
		}
		f, err := s.step(ctx)
		if errors.Is(err, io.EOF) {
			if err := s.again(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if f != nil || err != nil {
			return f, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// again begins the next round, or ends.
func (s *selected) again(ctx context.Context) error {
	if !s.Loop || !s.any {
		return io.EOF // a round without a frame would never end
	}
	frame := time.Second / 25
	if rate := s.src.Info().FPS; rate > 0 {
		frame = time.Duration(float64(time.Second) / rate)
	}
	s.index, s.offset = s.next, s.last+frame
	if err := s.Close(); err != nil {
		return err
	}
	return s.begin(ctx)
}

// step passes over one frame, or reads it and returns it if it is wanted.
func (s *selected) step(ctx context.Context) (*Frame, error) {
	if skip, ok := s.src.(Skipper); ok && s.Stride > 1 && s.any && s.passed%int64(s.Stride) != 0 {
		index, pts, err := skip.Skip(ctx)
		if err == nil {
			_, err = s.within(index, pts)
			s.passed++
		}
		return nil, err
	}
	f, err := s.src.Read(ctx)
	if err != nil {
		return nil, err
	}
	wanted, err := s.within(f.Index, f.PTS)
	if err != nil || !wanted || !s.chosen(f.PTS+s.offset) {
		f.Close()
		return nil, err
	}
	if !s.ROI.Empty() {
		if err := f.crop(s.ROI); err != nil {
			f.Close()
			return nil, err
		}
	}
	f.Index += s.index
	f.PTS += s.offset
	f.Rate = s.info.FPS
	return f, nil
}

// within reports whether a frame is past the start, and io.EOF if it is past
// the end.
func (s *selected) within(index int64, pts time.Duration) (bool, error) {
	if s.End > 0 && pts >= s.End {
		return false, io.EOF
	}
	if pts < s.Start {
		return false, nil
	}
	s.any = true
	s.next, s.last = s.index+index+1, s.offset+pts
	return true, nil
}

// chosen applies the stride and the target rate.
func (s *selected) chosen(pts time.Duration) bool {
	n := s.passed
	s.passed++
	if s.Stride > 1 && n%int64(s.Stride) != 0 {
		return false
	}
	if s.FPS <= 0 {
		return true
	}
	step := time.Duration(float64(time.Second) / s.FPS)
	// Half a millisecond of rounding in a container's times must not cost a
	// frame.
	if s.started && pts+time.Millisecond/2 < s.due {
		return false
	}
	if !s.started || pts-s.due > step {
		s.due = pts // the first frame, or one after a gap
	}
	s.due += step
	s.started = true
	return true
}
