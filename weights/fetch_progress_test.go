package weights

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgress(t *testing.T) {
	data := content(1, 600_000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 0 {
			broken(w, r, data, `"a"`, 200_000)
		}
		whole(w, r, data, `"a"`)
	})
	f := from(t, s)
	var reports []Progress
	f.progress = func(p Progress) { reports = append(reports, p) }
	_, err := f.fetch(context.Background(), ck)
	require.NoError(t, err)
	require.Greater(t, len(reports), 3)
	size := int64(len(data))
	assert.Equal(t, Progress{Name: "tiny/V1", Total: size}, reports[0])
	last := reports[len(reports)-1]
	assert.Positive(t, last.BytesPerSecond)
	last.BytesPerSecond = 0
	assert.Equal(t, Progress{Name: "tiny/V1", Done: size, Total: size, Finished: true}, last)
	for i, p := range reports[1:] {
		assert.GreaterOrEqual(t, p.Done, reports[i].Done)
		assert.Equal(t, i == len(reports)-2, p.Finished)
	}

	count := len(reports)
	_, err = f.fetch(context.Background(), ck)
	require.NoError(t, err)
	assert.Len(t, reports, count, "nothing to report of a file in the cache")
}

// A failed download ends with a report too, so that a bar can end its line.
func TestProgressOfFailure(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 0 {
			broken(w, r, data, `"a"`, 1000)
		}
		w.WriteHeader(http.StatusForbidden)
	})
	f := from(t, s)
	var last Progress
	f.progress = func(p Progress) { last = p }
	_, err := f.fetch(context.Background(), ck)
	require.Error(t, err)
	assert.True(t, last.Finished)
	assert.Equal(t, int64(1000), last.Done)
}

func TestReporterInterval(t *testing.T) {
	calls := 0
	r := &reporter{call: func(Progress) { calls++ }, interval: time.Hour}
	for i := range int64(100) {
		r.update(i, 100)
	}
	assert.Equal(t, 1, calls)
	r.finish()
	assert.Equal(t, 2, calls)
}

func TestProgressString(t *testing.T) {
	for want, p := range map[string]Progress{
		"a/B: 0.0 of 46.8 MB":                         {Name: "a/B", Total: 46_800_000},
		"a/B: 12.3 of 46.8 MB, 4.5 MB/s, 8s left":     {Name: "a/B", Done: 12_300_000, Total: 46_800_000, BytesPerSecond: 4.5e6},
		"a/B: 46.8 of 46.8 MB, 4.5 MB/s":              {Name: "a/B", Done: 46_800_000, Total: 46_800_000, BytesPerSecond: 4.5e6},
		"a/B: 12.3 MB, 4.5 MB/s":                      {Name: "a/B", Done: 12_300_000, Total: -1, BytesPerSecond: 4.5e6},
		"a/B: 12.3 of 46.8 MB, 0.0 MB/s":              {Name: "a/B", Done: 12_300_000, Total: 46_800_000, BytesPerSecond: 1},
		"a/B: 12.3 of 46.8 MB, 0.0 MB/s, 69000s left": {Name: "a/B", Done: 12_300_000, Total: 46_800_000, BytesPerSecond: 500},
	} {
		assert.Equal(t, want, p.String())
	}
}

// Somewhere that is not a terminal gets lines, and each call its own.
func TestWithProgressBar(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) { whole(w, r, data, `"a"`) })
	var out bytes.Buffer
	option := WithProgressBar(&out)
	for range 2 {
		out.Reset()
		f := from(t, s)
		option(f)
		_, err := f.fetch(context.Background(), ck)
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, 2)
		assert.Equal(t, "tiny/V1: 0.0 of 0.0 MB", lines[0])
		assert.Contains(t, lines[1], "tiny/V1: 0.0 of 0.0 MB")
	}
}

func TestDrawBar(t *testing.T) {
	var out bytes.Buffer
	report := drawBar(&out)
	p := Progress{Name: "tiny/V1", Total: -1}
	report(p)
	p.Total = 4e6
	for _, p.Done = range []int64{1e6, 3e6, 4e6, 0, 2e6} { // starts over once
		report(p)
	}
	p.Done, p.Finished = 4e6, true
	report(p)
	lines := strings.Split(out.String(), "\n")
	require.Len(t, lines, 3)
	assert.Equal(t, "tiny/V1", lines[0])
	assert.Contains(t, lines[1], "1.0 of 4.0 MB  25% |")
	assert.Contains(t, lines[1], "2.0 of 4.0 MB  50% |")
	last := lines[1][strings.LastIndex(lines[1], "\r"):]
	assert.Contains(t, last, "4.0 of 4.0 MB 100% |")
	assert.Empty(t, lines[2])
}
