package weights

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pkg/errors"
)

const (
	// headway is how many new bytes make an attempt count as progress.
	headway = 1 << 20
	// longestWait bounds the time between two attempts, even if the server
	// asks for more.
	longestWait = 30 * time.Second
)

// temporaryError is one that another attempt may not meet.
type temporaryError struct {
	error
	after time.Duration // the server asks to wait so long
}

func (e *temporaryError) Unwrap() error { return e.error }

// retryPolicy says how often to try and how long to wait between.
type retryPolicy struct {
	attempts int           // in a row that make no headway
	backoff  time.Duration // before the second; doubles from there
}

// do repeats attempt while its error is temporary. Attempts are only counted
// since the last headway beyond the largest size so far: a slow download over a
// bad connection goes on, and one that always breaks in the same place ends.
func (r retryPolicy) do(ctx context.Context, size func() int64, attempt func() error) error {
	largest := size()
	for failures := 1; ; failures++ {
		err := attempt()
		var again *temporaryError
		if err == nil || ctx.Err() != nil || !errors.As(err, &again) {
			return err
		}
		if now := size(); now >= largest+headway {
			largest, failures = now, 1
		}
		if failures >= r.attempts {
			return errors.WithMessagef(err, "gave up after %d attempts", failures)
		}
		if err := sleep(ctx, max(again.after, r.wait(failures))); err != nil {
			return err
		}
	}
}

// wait is the time after so many failures: doubled with each, and of random
// length, so that many clients do not come back at once.
func (r retryPolicy) wait(failures int) time.Duration {
	d := r.backoff
	for i := 1; i < failures && d < longestWait; i++ {
		d *= 2
	}
	d = min(d, longestWait)
	return d/2 + rand.N(d/2+1)
}

// transportError tells which failures of a connection are final: names that do
// not exist, servers that are not who they should be, refused redirects.
func transportError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err // the address in it may hold secrets
	}
	var (
		noHost      *net.DNSError
		certificate *tls.CertificateVerificationError
		notTLS      tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &noHost) && noHost.IsNotFound:
		return errors.WithMessagef(err, "no network, or a wrong address? %s may name a mirror or a folder", baseEnv)
	case errors.As(err, &certificate), errors.As(err, &notTLS), errors.Is(err, errRedirect):
		return err
	}
	return &temporaryError{error: err}
}

// statusError tells which answers of a server may change.
func statusError(resp *http.Response) error {
	err := errors.Errorf("the server answered %s", resp.Status)
	switch code := resp.StatusCode; {
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return &temporaryError{err, retryAfter(resp.Header)}
	case code == http.StatusNotFound:
		return errors.WithMessagef(err, "it does not have the file; check %s if you have set it", baseEnv)
	}
	return err
}

// retryAfter is how long a server asks to wait, where it says so in seconds.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 3600))*time.Second, longestWait)
}
