package video

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// maxJPEG bounds one picture of a stream.
const maxJPEG = 64 << 20

// MJPEG opens an MJPEG stream over HTTP as a live source: the
// multipart/x-mixed-replace that network cameras and the sink Server send. A
// nil client is one that gives up connecting after 10 s. Frames get the times
// at which they come. A picture that is damaged is passed over, but three in a
// row are an error. Errors wrap ErrSource and leave out the URL's password.
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

// mjpegSource reads the parts of one response.
type mjpegSource struct {
	body   io.Closer
	parts  *multipart.Reader
	cancel context.CancelFunc
	buf    bytes.Buffer
	begin  time.Time
	next   int64
	bad    int // pictures in a row
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
	kind, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode != http.StatusOK:
		err = errors.Errorf("the server answers %s", res.Status)
	case err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "":
		err = errors.Errorf("expected multipart/x-mixed-replace with a boundary, found %q", res.Header.Get("Content-Type"))
	default:
		// Many cameras put the two dashes of the separator into its name.
		boundary := strings.TrimPrefix(params["boundary"], "--")
		return &mjpegSource{body: res.Body, parts: multipart.NewReader(res.Body, boundary)}, nil
	}
	_ = res.Body.Close()
	return nil, err
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
		data, err := s.part()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, io.EOF
			}
			return nil, errors.Wrapf(ErrSource, "the stream was cut: %v", err)
		}
		index, now := s.next, time.Now()
		s.next++
		m, err := transform.Decode(bytes.NewReader(data))
		if err != nil {
			if s.bad++; s.bad >= maxBad {
				return nil, errors.Wrapf(ErrSource, "%d damaged pictures in a row: %v", s.bad, err)
			}
			continue
		}
		s.bad = 0
		f, err := FromImage(m)
		if err != nil {
			return nil, err
		}
		f.Index, f.PTS, f.Captured = index, now.Sub(s.begin), now
		return f, nil
	}
}

// part reads the next picture's bytes.
func (s *mjpegSource) part() ([]byte, error) {
	part, err := s.parts.NextRawPart()
	if err != nil {
		return nil, err
	}
	s.buf.Reset()
	n, err := s.buf.ReadFrom(io.LimitReader(part, maxJPEG+1))
	if err != nil {
		return nil, err
	}
	if n > maxJPEG {
		return nil, errors.Errorf("a picture of more than %d bytes", maxJPEG)
	}
	return s.buf.Bytes(), nil
}
