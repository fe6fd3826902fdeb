package video

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar draws the progress; a nil one draws nothing.
type bar struct {
	w   io.Writer
	bar *progressbar.ProgressBar
}

// newBar returns nil unless w is a terminal.
func newBar(w io.Writer) *bar {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &bar{w: w}
	}
	return nil
}

func (b *bar) draw(s Stats) {
	done, total := s.progress()
	if b.bar == nil {
		b.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(b.w),
			progressbar.OptionSetPredictTime(false), // it knows nothing of loops and gaps
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of the bar's
			progressbar.OptionFullWidth())
	}
	b.bar.Describe(s.line())
	if total > 0 {
		done = min(done, total)
	}
	_ = b.bar.Set64(done) // a bar that cannot be drawn must not stop the pipeline
}

func (b *bar) finish(s Stats) {
	if b == nil {
		return
	}
	b.draw(s)
	fmt.Fprintln(b.w)
}

// progress is how many frames are through and how many there will be, -1 where
// that is unknown.
func (s Stats) progress() (done, total int64) {
	for _, x := range s.Sources {
		switch n := max(x.Info.Frames, x.Read); {
		case x.Done:
			total += x.Read
		case x.Info.Live || x.Info.Frames <= 0:
			return s.Frames, -1
		default:
			total += n
		}
	}
	return s.Frames, total
}

// line is such as "123/795 frames, 45.1 fps, 15s left".
func (s Stats) line() string {
	done, total := s.progress()
	text := fmt.Sprint(done)
	if total >= 0 {
		text += fmt.Sprintf("/%d", total)
	}
	text += fmt.Sprintf(" frames, %.1f fps", s.FPS)
	if left := total - done; left > 0 && s.FPS > 0 {
		text += fmt.Sprintf(", %v left", time.Duration(float64(left)/s.FPS*float64(time.Second)).Round(time.Second))
	}
	return text
}
