//go:build cgo

package opencv

import (
	"math"
	"os"
	"slices"
	"sort"
	"time"

	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/video"
	"github.com/vertebra-vision/vertebra/video/internal/container"
)

// clock gives frames their times: those of OpenCV as long as they rise. Up to
// version 4.6 it has none for the last frames, which the decoder held back; those
// come from the container, or where that has none, from the rate.
type clock struct {
	begin time.Time
	last  time.Duration // -1 before the first frame
	path  string        // of a file
	rate  float64       // of a file of variable rate, 0 for others

	read  bool            // the container was read to its end
	times []time.Duration // of its frames
}

// looks is how many frames tell a file's rate.
const looks = 4096

// inspect reads a file's container, if it is of a kind that is known, and whether
// its rate varies.
func (k *clock) inspect() (file *container.File) {
	k.with(func(f *container.File) {
		file = f
		times, _ := f.Times(looks) // those before damage will do
		k.rate = variableRate(times)
	})
	return file
}

// with opens the container.
func (k *clock) with(use func(*container.File)) {
	if k.path == "" {
		return
	}
	f, err := os.Open(k.path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil {
		if file, err := container.Read(f, info.Size()); err == nil {
			use(file)
		}
	}
}

// frame is the time of the frame just read.
func (k *clock) frame(vc *gocv.VideoCapture, index int64, info video.Info) time.Duration {
	if info.Live {
		return time.Since(k.begin)
	}
	pts := time.Duration(math.Round(vc.Get(gocv.VideoCapturePosMsec) * float64(time.Millisecond)))
	if pts <= k.last || pts < 0 {
		pts = k.guess(index, info.FPS)
	}
	k.last = pts
	return pts
}

// guess is the time of a frame that OpenCV has none for.
func (k *clock) guess(index int64, rate float64) time.Duration {
	if !k.read {
		k.read = true
		k.with(func(f *container.File) { k.times, _ = f.Times(math.MaxInt) })
	}
	after := k.last + time.Millisecond/2 // OpenCV's have a rounding of their own
	if i := sort.Search(len(k.times), func(i int) bool { return k.times[i] > after }); i < len(k.times) {
		return k.times[i]
	}
	if rate == 0 {
		rate = 25
	}
	if pts := time.Duration(float64(index) / rate * float64(time.Second)); pts > k.last {
		return pts
	}
	return k.last + time.Duration(float64(time.Second)/rate)
}

// variableRate is the frames per second of which a file of variable rate leaves
// some out: those of the shortest time between two frames that at least a
// twentieth of them have. It is 0 where the rate is constant, but for times that
// are rounded to milliseconds.
func variableRate(times []time.Duration) float64 {
	const fastest, slack = 240, 1500 * time.Microsecond
	if len(times) < 3 {
		return 0
	}
	steps := make([]time.Duration, len(times)-1)
	for i := range steps {
		steps[i] = times[i+1] - times[i]
	}
	slices.Sort(steps)
	if steps[len(steps)-1]-steps[0] <= 2*slack {
		return 0
	}
	for i, j := 0, 0; i < len(steps); i++ {
		for j < len(steps) && steps[j] <= steps[i]+slack {
			j++
		}
		if (j-i)*20 >= len(steps) && steps[i] > 0 {
			mean := (steps[i] + steps[j-1]) / 2
			return min(1/mean.Seconds(), fastest)
		}
	}
	return 0
}
