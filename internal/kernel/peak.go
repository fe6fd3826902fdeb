package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// peakArgs are the arguments of the assembly that multiplies and adds as fast
// as a core can.
type peakArgs struct {
	rounds int
	one    unsafe.Pointer
	out    unsafe.Pointer
}

// peakSums is the accumulators of its loop, as in the generator.
const peakSums = 12

// Measuring aims: runs too short to be interrupted every time, and enough of
// them to find the machine undisturbed.
const (
	peakRun  = 4 * time.Millisecond
	peakRuns = 40
)

// Peak measures the multiply-adds of independent float32 that this machine
// does on a number of threads at once, in GFLOP/s of two operations each: the
// limit of direct convolution. It takes the best of some short runs, as others
// may use the machine too, and about a fifth of a second.
//
// Threads beyond GOMAXPROCS add nothing. It measures the instruction set that is active. The portable one's figure is
// that of plain Go; kernels there may pass it where gonum has assembly.
func Peak(threads int) float64 {
	isa := active
	threads = max(1, min(threads, runtime.GOMAXPROCS(0)))
	rounds := calibratePeak(isa)
	work := 2 * float64(threads) * float64(rounds) * peakSums * float64(peakLanes(isa))
	best := time.Duration(1<<63 - 1)
	for range peakRuns {
		best = min(best, peakTogether(isa, rounds, threads))
	}
	return work / best.Seconds() / 1e9
}

// peakLanes is the numbers of a vector.
func peakLanes(isa ISA) int {
	switch isa {
	case AVX512:
		return 16
	case AVX2:
		return 8
	}
	return 1
}

// calibratePeak finds how many rounds fill a run.
func calibratePeak(isa ISA) int {
	for rounds := 1 << 10; ; rounds *= 2 {
		start := time.Now()
		peakLoop(isa, rounds)
		if took := time.Since(start); took > peakRun/2 {
			return max(1, int(float64(rounds)*peakRun.Seconds()/took.Seconds()))
		}
	}
}

// peakTogether runs the loop on several threads from the same moment on, until
// the last is done. They spin until then: to wake takes a while, and a
// goroutine that yields may find itself on another's processor.
func peakTogether(isa ISA, rounds, threads int) time.Duration {
	var ready atomic.Int64
	var start atomic.Bool
	var done sync.WaitGroup
	for range threads - 1 {
		done.Go(func() {
			ready.Add(1)
			for !start.Load() {
			}
			peakLoop(isa, rounds)
		})
	}
	for int(ready.Load()) < threads-1 {
	}
	began := time.Now()
	start.Store(true)
	peakLoop(isa, rounds)
	done.Wait()
	return time.Since(began)
}

// peakLoop adds 1 to every lane of every accumulator in every round, and
// returns their sum: exact while no accumulator passes 1<<24, where float32
// stops counting.
func peakLoop(isa ISA, rounds int) float64 {
	if isa == Generic {
		return peakPortable(rounds)
	}
	var lanes [16]float32
	one := float32(1)
	peakRows(isa, &peakArgs{rounds: rounds, one: unsafe.Pointer(&one), out: unsafe.Pointer(&lanes)})
	var sum float64
	for _, v := range lanes {
		sum += float64(v)
	}
	return sum
}

// peakFactor is a variable so that the compiler cannot leave out the
// multiplications.
var peakFactor float32 = 1

func peakPortable(rounds int) float64 {
	f := peakFactor
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
