package examples

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/weights"
)

// Ctrl-C ends a program soon, with 130 and one line, and keeps the results that
// there are.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a program cannot send Ctrl-C to another here")
	}
	slow(t)
	dir := t.TempDir()
	photographs(t, dir, "many/3/0.png")
	for i := range 20000 {
		require.NoError(t, os.Link(filepath.Join(dir, "many/3/0.png"), filepath.Join(dir, fmt.Sprintf("many/3/%d.png", i+1))))
	}
	for name, c := range map[string]struct {
		args []string
		kept func(t *testing.T, out string)
	}{
		"classify": {[]string{"-json", "many"}, func(t *testing.T, out string) {
			for line := range strings.Lines(out) {
				require.True(t, json.Valid([]byte(line)), line)
			}
		}},
		"features": {[]string{"-levels", "C2", "-out", "maps", "many"}, func(t *testing.T, out string) {
			assert.Contains(t, out, "wrote features.safetensors")
			assert.FileExists(t, filepath.Join(dir, "maps", "0", "features.safetensors"))
		}},
		"detect": {[]string{"-json", "found/all.json", "many"}, func(t *testing.T, out string) {
			text, err := os.ReadFile(filepath.Join(dir, "found", "all.json"))
			require.NoError(t, err)
			var found []any
			require.NoError(t, json.Unmarshal(text, &found))
			assert.NotEmpty(t, found)
		}},
		"embed": {[]string{"-out", "vectors", "many"}, func(t *testing.T, out string) {
			assert.Regexp(t, `\d+ images, vectors of 64 numbers`, out)
			sd, err := weights.Open(filepath.Join(dir, "vectors", "embeddings.safetensors"))
			require.NoError(t, err)
			require.NoError(t, sd.Close())
		}},
		"evaluate": {[]string{"-batch", "1", "-data", "many"}, func(t *testing.T, out string) {
			assert.Regexp(t, `\d+ images, top-1 error`, out)
		}},
		"video": {[]string{"-source", "many/3", "-jsonl", "lines/out.jsonl", "-every", "0s"}, func(t *testing.T, out string) {
			assert.Regexp(t, `\d+ frames in`, out)
			text, err := os.ReadFile(filepath.Join(dir, "lines", "out.jsonl"))
			require.NoError(t, err)
			assert.NotEmpty(t, text)
			for line := range strings.Lines(string(text)) {
				require.True(t, json.Valid([]byte(line)), line)
			}
		}},
		"benchmark": {[]string{"-seconds", "600"}, func(*testing.T, string) {}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := program(t, name, append(network(t, name), c.args...)...)
			cmd.Dir = dir
			var errors bytes.Buffer
			cmd.Stderr = &errors
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			stuck := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
			defer stuck.Stop()
			var out strings.Builder
			lines := bufio.NewReader(stdout)
			switch name {
			case "embed", "evaluate", "benchmark": // which print at the end
				time.Sleep(3 * time.Second)
			default:
				for out.Len() < 400 { // some results
					line, err := lines.ReadString('\n')
					require.NoError(t, err, errors.String())
					out.WriteString(line)
				}
			}
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
			_, err = lines.WriteTo(&out)
			require.NoError(t, err)
			_ = cmd.Wait()
			assert.Equal(t, 130, cmd.ProcessState.ExitCode(), errors.String())
			if name != "video" { // which logs, too
				assert.Equal(t, name+": interrupted\n", errors.String())
			}
			c.kept(t, out.String())
		})
	}
}
