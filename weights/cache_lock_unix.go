//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package weights

import (
	stderrors "errors"
	"os"
	"syscall"

	"github.com/pkg/errors"
)

// tryLock takes the lock until the file is closed. The error is errLocked if
// another holds it and wraps errors.ErrUnsupported if the file system has no
// locks.
func tryLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := flock(file); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch err {
		case nil:
			return nil
		case syscall.EINTR:
		case syscall.EWOULDBLOCK:
			return errLocked
		case syscall.ENOLCK: // a network file system whose server has no lock service
			return errors.Wrap(stderrors.ErrUnsupported, file.Name())
		default: // an Errno says itself whether it means ErrUnsupported
			return &os.PathError{Op: "lock", Path: file.Name(), Err: err}
		}
	}
}
