package video

import (
	"context"
	"image/png"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// green is a source of green frames, for ever.
type green struct{ synthetic }

func (s *green) Read(ctx context.Context) (*Frame, error) {
	f, err := s.synthetic.Read(ctx)
	for i := 4; err == nil && i < len(f.Pix); i += 3 {
		f.Pix[i] = 255
	}
	return f, err
}

// A browser shows the page's picture. The test needs Chromium.
func TestServerInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium")
	}
	s := NewServer()
	address := make(chan net.Addr, 1)
	p, err := New(Config{
		Inputs: []Input{{Name: "a", Open: func(context.Context) (Source, error) {
			return &green{synthetic{n: 1 << 40, every: 20 * time.Millisecond, live: true, width: 320, height: 240}}, nil
		}}},
		Model: &numberModel{}, Outputs: []Output{s.Listen("127.0.0.1:0", func(a net.Addr) { address <- a })},
	})
	require.NoError(t, err)
	s.Stats = p.Stats
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	dir := t.TempDir()
	shot := filepath.Join(dir, "shot.png")
	out, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+dir,
		"--window-size=600,600", "--virtual-time-budget=4000", "--screenshot="+shot, "http://"+(<-address).String()+"/").CombinedOutput()
	require.NoError(t, err, "%s", out)
	f, err := os.Open(shot)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	m, err := png.Decode(f)
	require.NoError(t, err)
	n := 0
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if r, g, b, _ := m.At(x, y).RGBA(); g > 3*r && g > 3*b && g > 1<<15 {
				n++
			}
		}
	}
	assert.Greater(t, n, 320*240*9/10, "green pixels")
	cancel()
	<-done
}
