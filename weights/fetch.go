package weights

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// ErrFetch is wrapped by every error of a download: the checkpoint is known but
// could not be had. A cancelled one wraps the context's error as well.
var ErrFetch = errors.New("fetch failed")

// Fetch returns the path of a published checkpoint's file, by any name that
// [Lookup] takes. It looks in the cache first and downloads what is not there:
// a file in the cache has the SHA-256 that its publisher promises by the eight
// hex digits in the file's name. That catches damage and mistakes, not an
// adversary: against those it is as good as the connection, HTTPS by default.
// detectron2 promises nothing: of its files only the size is checked, against
// what the server announces.
//
// The cache is the folder of [WithCacheDir], else of the environment variable
// VERTEBRA_CACHE, else vertebra/checkpoints in os.UserCacheDir. Files come from
// their publisher, or from the mirror of [WithBaseURL] or of the environment
// variable VERTEBRA_CHECKPOINT_BASE_URL. Proxies are taken from the environment
// as net/http does.
//
// A download resumes where an earlier one was cut, cancelled or killed. Cut
// connections, stalls and the server's own failures are tried again a few
// times; there is no limit on the time in total, so give ctx one if you need
// it. Goroutines and processes that want the same file wait for one of them to
// fetch it. Every file is complete and verified by the time it has its name.
//
// The error wraps [ErrUnknownCheckpoint] or [ErrFetch].
func Fetch(ctx context.Context, name string, opts ...FetchOption) (path string, err error) {
	ck, err := Lookup(name)
	if err != nil {
		return "", errors.WithMessage(err, "weights")
	}
	return fetch(ctx, ck, opts)
}

// FetchOption changes where Fetch looks and what it reports.
type FetchOption func(*fetcher)

// WithCacheDir keeps the files in this folder.
func WithCacheDir(dir string) FetchOption { return func(f *fetcher) { f.cacheDir = dir } }

// WithBaseURL takes the files from a mirror: a folder that has them under the
// names that [Checkpoint.File] gives. It is an http, https or file URL, or a
// path; hosts without a network copy the files into such a folder.
func WithBaseURL(base string) FetchOption { return func(f *fetcher) { f.baseURL = base } }

// WithHTTPClient downloads with this client, for what environment variables
// cannot say. A timeout of the client's bounds each attempt as a whole.
func WithHTTPClient(client *http.Client) FetchOption { return func(f *fetcher) { f.client = client } }

// WithProgress calls report now and then during a download, from the goroutine
// that called Fetch; never for a file that is in the cache.
func WithProgress(report func(Progress)) FetchOption { return func(f *fetcher) { f.progress = report } }

// fetcher is what one call of Fetch works with.
type fetcher struct {
	cacheDir string
	baseURL  string
	client   *http.Client
	progress func(Progress)

	idle           time.Duration // without a byte until a connection counts as dead
	backoff        time.Duration // before the second attempt; doubles from there
	attempts       int           // in a row that make no headway
	poll           time.Duration // between looks at another process's lock
	reportInterval time.Duration
}

func newFetcher(opts []FetchOption) *fetcher {
	f := &fetcher{
		idle:           30 * time.Second,
		backoff:        500 * time.Millisecond,
		attempts:       6,
		poll:           200 * time.Millisecond,
		reportInterval: 100 * time.Millisecond,
	}
	for _, o := range opts {
		o(f)
	}
	return f
}

func fetch(ctx context.Context, ck *Checkpoint, opts []FetchOption) (string, error) {
	return newFetcher(opts).fetch(ctx, ck)
}

// fetchError is an error that is both ErrFetch and its cause.
type fetchError struct {
	name  string
	cause error
}

func (e *fetchError) Error() string {
	return fmt.Sprintf("weights: %v: %s: %v", ErrFetch, e.name, e.cause)
}

func (e *fetchError) Unwrap() []error { return []error{ErrFetch, e.cause} }

// fetch returns the checkpoint's path once it is in the cache.
func (f *fetcher) fetch(ctx context.Context, ck *Checkpoint) (string, error) {
	dir, err := cacheDir(f.cacheDir)
	if err != nil {
		return "", &fetchError{ck.Name(), err}
	}
	e := entry{path: filepath.Join(dir, ck.File()), prefix: ck.SHA256Prefix}
	if err := f.fill(ctx, ck, e); err != nil {
		return "", &fetchError{ck.Name(), err}
	}
	return e.path, nil
}

// fill sees to it that the entry's file is there.
func (f *fetcher) fill(ctx context.Context, ck *Checkpoint, e entry) error {
	if done, err := e.verified(ctx); done || err != nil {
		return err
	}
	src, err := f.source(ck)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(e.path), 0o777); err != nil {
		return unusableCache(err)
	}
	release, shared, err := e.acquire(ctx, f.poll)
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.WithMessage(ctx.Err(), "waiting for another download of "+e.path)
	case err != nil:
		return unusableCache(err)
	}
	defer release()
	if done, err := e.verified(ctx); done || err != nil {
		return err // another has fetched it meanwhile
	}
	return f.download(ctx, ck, e, src, shared)
}

func unusableCache(err error) error {
	return errors.WithMessagef(err, "the cache folder cannot be used; set %s to one that can be written to", cacheEnv)
}

// download gets the file, verifies and installs it. Where a wrong hash may
// come from bytes of an earlier attempt, it tries once more from nothing.
func (f *fetcher) download(ctx context.Context, ck *Checkpoint, e entry, src source, shared bool) error {
	report := &reporter{call: f.progress, interval: f.reportInterval, Progress: Progress{Name: ck.Name()}}
	defer report.finish()
	path := e.partPath()
	if shared {
		private, err := privatePart(e)
		if err != nil {
			return unusableCache(err)
		}
		defer removePart(private)
		path = private
	}
	for again := true; ; again = false {
		p, err := openPart(path, src.String())
		if err != nil {
			return unusableCache(err)
		}
		sum, err := receive(ctx, src, p, report)
		if err != nil {
			p.close()
			return err
		}
		if e.matches(sum) {
			return e.install(p, sum)
		}
		p.remove()
		if !again || !p.resumed {
			return wrongHash(e, src, sum, p.size)
		}
	}
}

// receive fills the part from the source and returns its SHA-256.
func receive(ctx context.Context, src source, p *part, report *reporter) (sum string, err error) {
	if err := src.transfer(ctx, p, report); err != nil {
		return "", err
	}
	return hashFile(ctx, p.path)
}

func wrongHash(e entry, src source, sum string, size int64) error {
	return errors.Errorf("%s: SHA-256 of the %d bytes received is %s, expected one that begins with %s; "+
		"deleted them: the server has another file under that name, or a proxy changed it",
		src, size, sum, e.prefix)
}

// source is where a file comes from.
type source interface {
	// transfer completes the part, keeping of it what it can.
	transfer(ctx context.Context, p *part, report *reporter) error
	// String is the address for messages, without secrets.
	String() string
}

// sizeLimit bounds a checkpoint's file: twice the bytes of its parameters, and
// room for statistics and headers.
func sizeLimit(ck *Checkpoint) int64 { return 8*ck.NumParams + 16<<20 }

// baseEnv names the environment variable with the mirror's address.
const baseEnv = "VERTEBRA_CHECKPOINT_BASE_URL"

// source is the mirror if there is one, else the publisher.
func (f *fetcher) source(ck *Checkpoint) (source, error) {
	base := f.baseURL
	if base == "" {
		base = os.Getenv(baseEnv)
	}
	switch {
	case base == "":
		return f.httpSource(ck, ck.URL, "")
	case !strings.Contains(base, "://"):
		return &fileSource{filepath.Join(base, ck.File()), sizeLimit(ck)}, nil
	case strings.HasPrefix(strings.ToLower(base), "file://"):
		dir, err := fileURLPath(base)
		if err != nil {
			return nil, err
		}
		return &fileSource{filepath.Join(dir, ck.File()), sizeLimit(ck)}, nil
	}
	return f.httpSource(ck, base, ck.File())
}
