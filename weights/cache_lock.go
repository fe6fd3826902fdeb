package weights

import (
	"context"
	stderrors "errors"
	"sync"
	"time"

	"github.com/pkg/errors"
)

// One download of a file at a time: within the process by a gate for each
// path, between processes by a lock of the operating system's on FILE.lock.
// The system drops the lock when its owner ends, however it ends, so that
// there is no stale lock and no timeout to guess, and a computer that slept
// still holds what it held. The lock's file stays: deleting it would let two
// processes lock two files of one name.

// errLocked says that another process holds a lock.
var errLocked = errors.New("locked by another process")

// gates holds a chan struct{} of capacity one for each path.
var gates sync.Map

// acquire waits until nobody else downloads the entry, asking again every
// poll. Where the file system knows no locks, shared is true: other processes
// may be downloading too, so the caller must not use the entry's common part.
func (e entry) acquire(ctx context.Context, poll time.Duration) (release func(), shared bool, err error) {
	leave, err := enter(ctx, e.path)
	if err != nil {
		return nil, false, err
	}
	unlock, err := waitLock(ctx, e.lockPath(), poll)
	if errors.Is(err, stderrors.ErrUnsupported) {
		return leave, true, nil
	}
	if err != nil {
		leave()
		return nil, false, err
	}
	return func() { unlock(); leave() }, false, nil
}

// enter waits until no other goroutine is inside the path's gate.
func enter(ctx context.Context, path string) (leave func(), err error) {
	value, _ := gates.LoadOrStore(path, make(chan struct{}, 1))
	gate := value.(chan struct{})
	select {
	case gate <- struct{}{}:
		return func() { <-gate }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// waitLock takes the lock as soon as no other process holds it.
func waitLock(ctx context.Context, path string, poll time.Duration) (unlock func(), err error) {
	for {
		file, err := tryLock(path)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, errLocked) {
			return nil, err
		}
		if err := sleep(ctx, poll); err != nil {
			return nil, err
		}
	}
}

// sleep waits unless the context is cancelled.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
