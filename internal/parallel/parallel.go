// Package parallel shares numbered tasks among goroutines.
package parallel

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// Do runs work on up to so many goroutines, the caller's among them and no more
// than GOMAXPROCS, and waits for them. The tasks they range over are together those from 0 to n-1, each once;
// what one of them needs for all of its tasks it makes before it begins.
func Do(workers, n int, work func(tasks iter.Seq[int])) {
	var next atomic.Int64
	tasks := func(yield func(int) bool) {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			if !yield(int(i)) {
				return
			}
		}
	}
	workers = min(workers, runtime.GOMAXPROCS(0), n)
	if workers <= 0 {
		return
	}
	var group sync.WaitGroup
	for range workers - 1 {
		group.Go(func() { work(tasks) })
	}
	work(tasks)
	group.Wait()
}
