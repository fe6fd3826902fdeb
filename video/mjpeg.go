package video

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/pkg/errors"
)

// MJPEG opens an MJPEG stream over HTTP as a live source: the
// multipart/x-mixed-replace that network cameras and the sink Server send, with
// whatever boundary, or JPEGs one after the other. A nil client is one that gives
// up connecting after 10 s. Frames get the times at which their last byte comes,
// and do not wait for the next one. A picture that is damaged is passed over, but
// three in a row are an error. Errors wrap ErrSource and leave out the URL's
// password.
func MJPEG(address string, client *http.Client) Opener {
	return func(ctx context.Context) (Source, error) {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errors.Wrapf(ErrConfig, "not an http or https URL: %q", redacted(address))
		}
		if client == nil {
			client = &http.Client{Transport: &http.Transport{
				Proxy:                 http.ProxyFromEnvironment,
				DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
				TLSHandshakeTimeout:   10 * time.Second,
				ResponseHeaderTimeout: 10 * time.Second,
				DisableKeepAlives:     true, // a stream's connection serves nothing else
			}}
		}
		return openMJPEG(ctx, u, client)
	}
}

// redacted leaves a password out.
func redacted(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return "(unreadable)"
}

// mjpegSource reads the pictures of one response.
type mjpegSource struct {
	body     io.Closer
	kind     string // the response's Content-Type
	pictures *pictures
	cancel   context.CancelFunc
	begin    time.Time
	next     int64
	bad      int // pictures in a row
	memory   pixels
}

func openMJPEG(ctx context.Context, u *url.URL, client *http.Client) (Source, error) {
	// The request lives as long as the source, not as the call; the call's
	// context ends it in Read.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	s, err := requestMJPEG(own, u, client)
	stop()
	if err != nil {
		cancel()
		return nil, errors.Wrapf(ErrSource, "%s: %v", u.Redacted(), err)
	}
	s.cancel, s.begin = cancel, time.Now()
	return s, nil
}

func requestMJPEG(ctx context.Context, u *url.URL, client *http.Client) (*mjpegSource, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("not a usable URL")
	}
	res, err := client.Do(req)
	if err != nil {
		var inner *url.Error // says the URL, and a password in it
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		return nil, errors.Errorf("the server answers %s", res.Status)
	}
	kind := res.Header.Get("Content-Type")
	return &mjpegSource{body: res.Body, kind: kind, pictures: newPictures(res.Body, kind)}, nil
}

// Info implements Source.
func (s *mjpegSource) Info() Info { return Info{Live: true} }

// Close implements Source.
func (s *mjpegSource) Close() error {
	s.cancel()
	return s.body.Close()
}

// maxBad is how many damaged pictures in a row are passed over, less one.
const maxBad = 3

// Read implements Source.
func (s *mjpegSource) Read(ctx context.Context) (*Frame, error) {
	defer context.AfterFunc(ctx, s.cancel)()
	for {
		data, err := s.pictures.next()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case errors.Is(err, errNoPictures):
			return nil, errors.Wrapf(ErrSource, "expected multipart/x-mixed-replace or JPEGs, found %q", s.kind)
		case err != nil:
			return nil, errors.Wrapf(ErrSource, "the stream was cut: %v", err)
		}
		index, now := s.next, time.Now()
		s.next++
		f, err := s.memory.decode(data)
		if err != nil {
			if s.bad++; s.bad >= maxBad {
				return nil, errors.Wrapf(ErrSource, "%d damaged pictures in a row: %v", s.bad, err)
			}
			continue
		}
		s.bad = 0
		f.Index, f.PTS, f.Captured = index, now.Sub(s.begin), now
		return f, nil
	}
}
