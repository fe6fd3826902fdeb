package peak

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// args are the arguments of the assembly that multiplies and adds as fast
// as a core can.
type args struct {
	rounds int
	one    unsafe.Pointer
	out    unsafe.Pointer
}

// sums is the accumulators of its loop, as in the generator.
const sums = 12

// Measuring aims: runs too short to be interrupted every time, and enough of
// them to find the machine undisturbed.
const (
	aim  = 4 * time.Millisecond
	runs = 40
)

// Measure measures the multiply-adds of independent float32 that this machine
// does on a number of threads at once, in GFLOP/s of two operations each: the
// limit of direct convolution. It takes the best of some short runs, as others
// may use the machine too, and about a fifth of a second.
//
// Threads beyond GOMAXPROCS add nothing. It measures the instruction set that is
// active. The portable one's figure is that of plain Go; kernels there may
// pass it where gonum has assembly.
func Measure(threads int) float64 {
	isa := kernel.Active()
	threads = max(1, min(threads, runtime.GOMAXPROCS(0)))
	rounds := calibrate(isa)
	work := 2 * float64(threads) * float64(rounds) * sums * float64(lanes(isa))
	best := time.Duration(1<<63 - 1)
	for range runs {
		best = min(best, together(isa, rounds, threads))
	}
	return work / best.Seconds() / 1e9
}

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }

// lanes is the numbers of a vector.
func lanes(isa kernel.ISA) int {
	switch isa {
	case kernel.AVX512:
		return 16
	case kernel.AVX2:
		return 8
	}
	return 1
}

// calibrate finds how many rounds fill a run.
func calibrate(isa kernel.ISA) int {
	for rounds := 1 << 10; ; rounds *= 2 {
		start := time.Now()
		loop(isa, rounds)
		if took := time.Since(start); took > aim/2 {
			return max(1, int(float64(rounds)*aim.Seconds()/took.Seconds()))
		}
	}
}

// together runs the loop on several threads from the same moment on, until
// the last is done. They spin until then: to wake takes a while, and a
// goroutine that yields may find itself on another's processor.
func together(isa kernel.ISA, rounds, threads int) time.Duration {
	var ready atomic.Int64
	var start atomic.Bool
	var done sync.WaitGroup
	for range threads - 1 {
		done.Go(func() {
			ready.Add(1)
			for !start.Load() {
			}
			loop(isa, rounds)
		})
	}
	for int(ready.Load()) < threads-1 {
	}
	began := time.Now()
	start.Store(true)
	loop(isa, rounds)
	done.Wait()
	return time.Since(began)
}

// loop adds 1 to every lane of every accumulator in every round, and
// returns their sum: exact while no accumulator passes 1<<24, where float32
// stops counting.
func loop(isa kernel.ISA, rounds int) float64 {
	code := table.Find("multiplyAdds", isa).Code
	if code == nil {
		return portable(rounds)
	}
	var lanes [16]float32
	one := float32(1)
	kernel.Call(code, &args{rounds: rounds, one: unsafe.Pointer(&one), out: unsafe.Pointer(&lanes)})
	var sum float64
	for _, v := range lanes {
		sum += float64(v)
	}
	return sum
}

// factor is a variable so that the compiler cannot leave out the
// multiplications.
var factor float32 = 1

func portable(rounds int) float64 {
	f := factor
	var a, b, c, d, e, g, h, i, j, k, l, m float32
	for range rounds {
		a = a*f + f
		b = b*f + f
		c = c*f + f
		d = d*f + f
		e = e*f + f
		g = g*f + f
		h = h*f + f
		i = i*f + f
		j = j*f + f
		k = k*f + f
		l = l*f + f
		m = m*f + f
	}
	return float64(a+b+c+d) + float64(e+g+h+i) + float64(j+k+l+m)
}
