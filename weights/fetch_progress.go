package weights

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is how far a download is.
type Progress struct {
	// Name is the checkpoint's.
	Name string
	// Done and Total count the file's bytes, those of a resumed download
	// included. Total is -1 while it is unknown. Done falls where a download
	// must start over.
	Done, Total int64
	// BytesPerSecond is the mean since the first report; 0 in that one.
	BytesPerSecond float64
	// Finished marks the last report, be the download a success or not.
	Finished bool
}

// reporter calls a callback, not too often.
type reporter struct {
	Progress
	call     func(Progress)
	interval time.Duration

	start, last time.Time // of the first and the latest call
	base        int64     // Done at the start
}

// update takes note of the counts, and reports them if it is time.
func (r *reporter) update(done, total int64) {
	r.Done, r.Total = done, total
	now := time.Now()
	if r.start.IsZero() || done < r.base {
		r.start, r.base = now, done
	} else if now.Sub(r.last) < r.interval {
		return
	}
	r.send(now)
}

// finish makes the last report if there has been a first.
func (r *reporter) finish() {
	if !r.start.IsZero() {
		r.Finished = true
		r.send(time.Now())
	}
}

func (r *reporter) send(now time.Time) {
	r.last = now
	if d := now.Sub(r.start).Seconds(); d > 0 {
		r.BytesPerSecond = float64(r.Done-r.base) / d
	}
	if r.call != nil {
		r.call(r.Progress)
	}
}

// watch reports what is written to the part.
func (r *reporter) watch(p *part) io.Writer {
	r.update(p.size, p.Total)
	return &watchedPart{p, r}
}

type watchedPart struct {
	*part
	report *reporter
}

func (w *watchedPart) Write(b []byte) (int, error) {
	n, err := w.part.Write(b)
	w.report.update(w.size, w.Total)
	return n, err
}

// WithProgressBar draws a progress bar if w is a terminal; else it writes a
// line every few seconds, so that a log shows that something is going on.
func WithProgressBar(w io.Writer) FetchOption {
	return func(f *fetcher) {
		if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
			f.progress = drawBar(w)
		} else {
			f.progress = writeLines(w, 5*time.Second)
		}
	}
}

// drawBar reports as a line with the name and, under it, a bar that is redrawn.
// The numbers beside it are our own, since the bar's take a resumed download
// for a very fast one.
func drawBar(w io.Writer) func(Progress) {
	var bar *progressbar.ProgressBar
	var drawn Progress
	return func(p Progress) {
		if bar == nil {
			fmt.Fprintln(w, p.Name)
		}
		if bar == nil || p.Total != drawn.Total || p.Done < drawn.Done { // a full bar does not go back
			bar = progressbar.NewOptions64(p.Total,
				progressbar.OptionSetWriter(w),
				progressbar.OptionSetPredictTime(false),
				progressbar.OptionSetElapsedTime(false),
				progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of the bar's
				progressbar.OptionFullWidth())
		}
		bar.Describe(p.numbers())
		_ = bar.Set64(p.Done) // a bar that cannot be drawn must not stop the download
		if p.Finished {
			fmt.Fprintln(w)
		}
		drawn = p
	}
}

// writeLines reports as a line now, every interval, and at the end.
func writeLines(w io.Writer, interval time.Duration) func(Progress) {
	var last time.Time
	return func(p Progress) {
		if !p.Finished && time.Since(last) < interval {
			return
		}
		last = time.Now()
		fmt.Fprintln(w, p)
	}
}

// String is a line such as "resnet18/IMAGENET1K_V1: 12.3 of 46.8 MB, 4.5 MB/s,
// 8s left".
func (p Progress) String() string { return p.Name + ": " + p.numbers() }

func (p Progress) numbers() string {
	const mega = 1e6
	text := fmt.Sprintf("%.1f", float64(p.Done)/mega)
	if p.Total >= 0 {
		text += fmt.Sprintf(" of %.1f", float64(p.Total)/mega)
	}
	text += " MB"
	if p.BytesPerSecond > 0 {
		text += fmt.Sprintf(", %.1f MB/s", p.BytesPerSecond/mega)
		if left := float64(p.Total-p.Done) / p.BytesPerSecond; left > 0 && left < maxSecondsLeft {
			text += fmt.Sprintf(", %.0fs left", left)
		}
	}
	return text
}

// maxSecondsLeft bounds the estimates worth showing: a day.
const maxSecondsLeft = 24 * 3600
