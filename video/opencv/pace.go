//go:build cgo

package opencv

import (
	"fmt"
	"math"
	"time"
)

// longestHold is how long a picture is held at most, however long there was none.
const longestHold = 10 * time.Minute

// pace puts frames, whatever their times, into a file of a constant rate, so that
// it lasts as long as they do. No frame is left out: those that come faster are
// written one after the other, and slower ones give that time back.
type pace struct {
	fps  float64
	free bool // each frame is written once, whatever its time

	begun   bool
	first   time.Duration // the time of the first frame
	skipped time.Duration // of holds that were too long
	written int           // pictures
	held    int           // of these, repeated
	late    int           // frames that were written after their time
}

// hold is how often the picture before is to be repeated, before a frame of a
// time is written.
func (p *pace) hold(pts time.Duration) int {
	if !p.begun {
		p.begun, p.first = true, pts
		return 0
	}
	if p.free {
		return 0
	}
	due := int(math.Round((pts - p.first - p.skipped).Seconds() * p.fps)) // the picture's number by its time
	n := due - p.written
	if n < 0 {
		p.late++
		return 0
	}
	if most := int(longestHold.Seconds() * p.fps); n > most {
		p.skipped += time.Duration(float64(n-most) / p.fps * float64(time.Second))
		n = most
	}
	p.held += n
	return n
}

// note says what the rate did to the frames.
func (p *pace) note() string {
	if p.held == 0 && p.late == 0 {
		return ""
	}
	s := fmt.Sprintf("has a constant rate of %.4g frames a second: %d of its %d pictures are repeated to keep the duration", p.fps, p.held, p.written)
	if p.late > 0 {
		s += fmt.Sprintf(", %d came faster than that and are shown later", p.late)
	}
	if p.skipped > 0 {
		s += fmt.Sprintf(", %v without a frame are left out", p.skipped.Round(time.Second))
	}
	return s
}
