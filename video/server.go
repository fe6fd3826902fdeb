package video

import (
	"bytes"
	"context"
	_ "embed" // the page
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pkg/errors"
)

//go:embed server.html
var page []byte

// Server shows a pipeline's frames, annotated where the pipeline annotates, in
// a browser. Its paths:
//
//	/              a page with the pictures and the figures
//	/stream        MJPEG of the source that ?source= names, else of the first
//	/snapshot.jpg  one picture
//	/result        the last result as a Record, JSON
//	/stats         the figures, JSON
//	/metrics       the figures for Prometheus
//
// A slow or absent browser never slows the pipeline: it misses frames.
type Server struct {
	// Quality of the JPEGs, 1 to 100. Default 80.
	Quality int
	// Stats gives the figures; Pipeline.Stats does.
	Stats func() Stats

	mu      sync.Mutex
	views   map[string]*view
	order   []string // of the sources, as they came
	closed  chan struct{}
	closing sync.Once
}

// view is what is known of one source.
type view struct {
	jpeg    []byte
	record  []byte
	watched int           // clients that want pictures
	changed chan struct{} // closed with the next picture
	image   *image.RGBA
}

// NewServer makes a server; it is a Sink and an http.Handler.
func NewServer() *Server { return &Server{views: map[string]*view{}, closed: make(chan struct{})} }

// Listen is an output that serves at an address such as localhost:8080 for as
// long as the pipeline runs. Nobody is asked for a password: bind it to
// localhost, or put a proxy before it. listening, which may be nil, is called
// with the address.
func (s *Server) Listen(address string, listening func(net.Addr)) Output {
	return Output{Name: "http " + address, Open: func(ctx context.Context) (Sink, error) {
		if s.Quality < 0 || s.Quality > 100 {
			return nil, errors.Wrapf(ErrConfig, "JPEG quality %d, want 1 to 100", s.Quality)
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			return nil, errors.Wrap(ErrSink, err.Error())
		}
		h := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = h.Serve(l) // ends with ErrServerClosed
		}()
		if listening != nil {
			listening(l.Addr())
		}
		return &listeningServer{s, h, ended}, nil
	}}
}

type listeningServer struct {
	*Server
	http  *http.Server
	ended chan struct{}
}

// Close ends the streams and frees the port.
func (s *listeningServer) Close() error {
	_ = s.Server.Close()
	err := s.http.Close()
	<-s.ended
	if err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	return nil
}

// Close ends the streams.
func (s *Server) Close() error {
	s.closing.Do(func() { close(s.closed) })
	return nil
}

// Write implements Sink. A picture that nobody watches is not encoded, but for
// the first.
func (s *Server) Write(_ context.Context, r *Result) error {
	record, err := json.Marshal(r.Record())
	if err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	s.mu.Lock()
	v := s.views[r.Source]
	if v == nil {
		v = &view{changed: make(chan struct{})}
		s.views[r.Source] = v
		s.order = append(s.order, r.Source)
	}
	v.record = record
	wanted := v.watched > 0 || v.jpeg == nil
	s.mu.Unlock()
	if !wanted {
		return nil
	}
	v.image = r.Frame.rgba(v.image) // Write's alone
	var b bytes.Buffer
	quality := s.Quality
	setDefault(&quality, 80)
	if err := jpeg.Encode(&b, v.image, &jpeg.Options{Quality: quality}); err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v.jpeg = b.Bytes()
	close(v.changed)
	v.changed = make(chan struct{})
	return nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'")
		_, _ = w.Write(page)
	case "/stream":
		s.stream(w, r)
	case "/snapshot.jpg":
		s.one(w, r, "image/jpeg", func(v *view) []byte { return v.jpeg })
	case "/result":
		s.one(w, r, "application/json", func(v *view) []byte { return v.record })
	case "/stats":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(s.stats().json())
	case "/metrics":
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = s.stats().WritePrometheus(w)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) stats() Stats {
	if s.Stats == nil {
		return Stats{}
	}
	return s.Stats()
}

// view finds the source that a request is about.
func (s *Server) view(r *http.Request) *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.URL.Query().Get("source")
	if name == "" && len(s.order) > 0 {
		name = s.order[0]
	}
	return s.views[name]
}

// one serves what a source has at this moment.
func (s *Server) one(w http.ResponseWriter, r *http.Request, kind string, part func(*view) []byte) {
	v := s.view(r)
	if v == nil {
		http.Error(w, "no frame of this source yet", http.StatusNotFound)
		return
	}
	s.mu.Lock()
	data := part(v)
	if kind == "image/jpeg" {
		changed := v.changed
		v.watched++ // so that the next picture is encoded
		s.mu.Unlock()
		wait(r.Context(), changed, s.closed, time.Second)
		s.mu.Lock()
		v.watched--
		data = part(v)
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(data)
}

// wait reports whether a picture came.
func wait(ctx context.Context, changed, closed <-chan struct{}, most time.Duration) bool {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-changed:
		return true
	case <-t.C:
	case <-closed:
	case <-ctx.Done():
	}
	return false
}

// boundary separates the pictures of a stream.
const boundary = "vertebraframe"

// stream sends pictures until the browser leaves or the pipeline ends.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	v := s.view(r)
	if v == nil {
		http.Error(w, "no frame of this source yet", http.StatusNotFound)
		return
	}
	s.mu.Lock()
	v.watched++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		v.watched--
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
	control := http.NewResponseController(w)
	// A browser shows a picture when the boundary after it has come, so that comes
	// with the picture.
	if _, err := fmt.Fprintf(w, "--%s\r\n", boundary); err != nil {
		return
	}
	for {
		s.mu.Lock()
		data, changed := v.jpeg, v.changed
		s.mu.Unlock()
		_ = control.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if _, err := fmt.Fprintf(w, "Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n--%s\r\n", len(data), data, boundary); err != nil {
			return
		}
		if control.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-s.closed:
			_, _ = fmt.Fprintf(w, "--%s--\r\n", boundary)
			return
		case <-r.Context().Done():
			return
		}
	}
}
