package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// Main runs a program until it is done or interrupted, and exits: 0 after it or
// its help, 1 after an error, 2 after a wrong command line, 130 after Ctrl-C or
// SIGTERM. A second Ctrl-C ends it at once. Results go to out; messages, of one
// line each, to log.
func Main(name string, run func(ctx context.Context, args []string, out, log io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	code := exitCode(err, ctx.Err() != nil)
	stop()
	switch code {
	case 0:
		return
	case interrupted:
		err = errors.New("interrupted")
	}
	report(os.Stderr, name, err)
	os.Exit(code)
}

// The exit codes, besides 0.
const (
	failed      = 1
	wrongUse    = 2
	interrupted = 130
)

func exitCode(err error, signalled bool) int {
	var use usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case signalled && errors.Is(err, context.Canceled):
		return interrupted
	case errors.As(err, &use):
		return wrongUse
	}
	return failed
}

// usageError is a wrong command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Usage makes an error of a wrong command line, with which the program exits
// with 2. nil and flag.ErrHelp stay what they are.
func Usage(err error) error {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	return usageError{err}
}

// Usagef is Usage of a formatted message.
func Usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// Line is an error as one line: names of files, which may hold anything, neither
// begin lines nor steer the terminal.
func Line(err error) string { return names.Printable(err.Error()) }
