package weights

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// bufferSize is how much is read, written or hashed at a time.
const bufferSize = 128 << 10

// httpSource is a file on a server.
type httpSource struct {
	client *http.Client
	url    *url.URL
	limit  int64 // bytes
	idle   time.Duration
	retry  retryPolicy
}

// httpSource is the file at an address, or the one of that name below it.
func (f *fetcher) httpSource(ck *Checkpoint, address, file string) (*httpSource, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.Wrapf(err, "base URL %s", quote(address))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.Errorf("base URL %s: expected http://HOST/…, https://HOST/…, file:///… or a folder's path", redact(u))
	}
	if file != "" {
		u = u.JoinPath(file)
	}
	client := f.client
	if client == nil {
		client = defaultClient
	}
	return &httpSource{client, u, sizeLimit(ck), f.idle, retryPolicy{f.attempts, f.backoff}}, nil
}

// defaultClient is shared so that connections are. Proxies come from the
// environment, by http.DefaultTransport.
var defaultClient = &http.Client{CheckRedirect: func(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.Wrap(errRedirect, "expected fewer than 10")
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return errors.Wrapf(errRedirect, "from https to %s", redact(req.URL))
	}
	return nil
}}

// errRedirect is why a redirect is not followed.
var errRedirect = errors.New("refused a redirect")

func (s *httpSource) String() string { return redact(s.url) }

// redact is an address without what may be secret in it.
func redact(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	return shown.String()
}

// transfer requests what the part lacks until it lacks nothing.
func (s *httpSource) transfer(ctx context.Context, p *part, report *reporter) error {
	err := s.retry.do(ctx, func() int64 { return p.size }, func() error { return s.attempt(ctx, p, report) })
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.WithMessagef(ctx.Err(), "%s: stopped at byte %d", s, p.size)
	}
	return errors.WithMessage(err, s.String())
}

// errStalled is why a silent connection is given up.
var errStalled = errors.New("the server stalled")

// attempt makes one request and appends what it brings.
func (s *httpSource) attempt(ctx context.Context, p *part, report *reporter) error {
	if p.complete() {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(s.idle, func() { cancel(errors.Wrapf(errStalled, "no byte for %v", s.idle)) })
	defer watchdog.Stop()

	req, err := s.request(ctx, p)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return transportError(ctx, err)
	}
	defer resp.Body.Close()
	if err := s.accept(resp, p); err != nil || p.complete() {
		return err
	}
	return s.appendBody(ctx, resp.Body, p, report, func() { watchdog.Reset(s.idle) })
}

// request asks for the bytes from the part's end on, or for all of them should
// the server have another file by now.
func (s *httpSource) request(ctx context.Context, p *part) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent())
	req.Header.Set("Accept-Encoding", "identity") // sizes and ranges are of the file's own bytes
	if p.size > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		if p.Validator != "" {
			req.Header.Set("If-Range", p.Validator)
		}
	}
	return req, nil
}

// accept makes the part ready for the response's body, or complete.
func (s *httpSource) accept(resp *http.Response, p *part) error {
	switch {
	case resp.StatusCode == http.StatusOK:
		if err := checkSize("the server's file", resp.ContentLength, s.limit); err != nil {
			return err
		}
		return p.restart(validator(resp.Header), resp.ContentLength)
	case resp.StatusCode == http.StatusPartialContent && p.size > 0:
		return s.acceptRange(resp.Header, p)
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && p.size > 0:
		return acceptNoRange(resp.Header.Get("Content-Range"), p)
	}
	return statusError(resp)
}

// acceptRange holds a partial response to what was asked for.
func (s *httpSource) acceptRange(h http.Header, p *part) error {
	start, total, err := parseContentRange(h.Get("Content-Range"))
	if err != nil {
		return err
	}
	if start != p.size || p.Total >= 0 && total >= 0 && total != p.Total {
		return startOver(p, errors.Errorf("asked for the bytes from %d on of %d, got Content-Range %q", p.size, p.Total, h.Get("Content-Range")))
	}
	if v := validator(h); v != "" && p.Validator != "" && v != p.Validator {
		return startOver(p, errors.Errorf("the server's file changed from %s to %s", p.Validator, v))
	}
	if err := checkSize("the server's file", total, s.limit); err != nil {
		return err
	}
	if total >= 0 {
		p.Total = total
	}
	p.resumed = true
	return nil
}

// acceptNoRange is for a server that has nothing past the part's end: either
// all is here, or the part is not of this file.
func acceptNoRange(header string, p *part) error {
	if header == fmt.Sprintf("bytes */%d", p.size) {
		p.Total = p.size
		return nil
	}
	return startOver(p, errors.Errorf("the server has no bytes from %d on (Content-Range %q)", p.size, header))
}

// startOver drops the part's bytes, so that the next attempt asks for all.
func startOver(p *part, why error) error {
	if err := p.restart("", -1); err != nil {
		return err
	}
	return &temporaryError{error: why}
}

// appendBody reads a response's body into the part. alive is called whenever
// something has come.
func (s *httpSource) appendBody(ctx context.Context, body io.Reader, p *part, report *reporter, alive func()) error {
	most := s.limit
	if p.Total >= 0 {
		most = p.Total
	}
	out, buffer := report.watch(p), make([]byte, bufferSize)
	for {
		n, err := body.Read(buffer)
		if p.size+int64(n) > most {
			return errors.Errorf("the server sent more than %d bytes", most)
		}
		if n > 0 {
			alive()
			if _, err := out.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return endOfBody(p)
		}
		if err != nil {
			return transportError(ctx, err)
		}
	}
}

// endOfBody is where the server says that there is no more.
func endOfBody(p *part) error {
	if p.Total >= 0 && p.size < p.Total {
		return &temporaryError{error: errors.Errorf("the response ended at byte %d, expected %d", p.size, p.Total)}
	}
	p.Total = p.size // unknown until here
	return nil
}

// validator is what names a server's version of a file byte for byte. A weak
// ETag does not.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return h.Get("Last-Modified")
}

// parseContentRange reads "bytes START-END/TOTAL"; total is -1 for "*".
func parseContentRange(header string) (start, total int64, err error) {
	var end int64
	if _, err := fmt.Sscanf(header, "bytes %d-%d/%d", &start, &end, &total); err == nil && 0 <= start && start <= end && end < total {
		return start, total, nil
	}
	if _, err := fmt.Sscanf(header, "bytes %d-%d/*", &start, &end); err == nil && 0 <= start && start <= end {
		return start, -1, nil
	}
	return 0, 0, errors.Errorf("expected a Content-Range such as \"bytes 10-99/100\", found %q", header)
}

// userAgent is vertebra and its version, as the program was built with.
func userAgent() string {
	const module = "github.com/vertebra-vision/vertebra"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == module && strings.HasPrefix(m.Version, "v") {
				return "vertebra/" + m.Version
			}
		}
	}
	return "vertebra/devel"
}
