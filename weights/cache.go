package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// cacheEnv names the environment variable with the cache's folder.
const cacheEnv = "VERTEBRA_CACHE"

// cacheDir is the folder that holds fetched checkpoints: the option's, else
// the environment's, else one below the user's cache folder.
func cacheDir(option string) (string, error) {
	if option != "" {
		return option, nil
	}
	if dir := os.Getenv(cacheEnv); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", errors.Wrapf(err, "no folder to keep checkpoints in; set %s to one", cacheEnv)
	}
	return filepath.Join(dir, "vertebra", "checkpoints"), nil
}

// entry is the place of one checkpoint in the cache. Beside the file itself it
// has:
//
//	FILE.verified   what the file looked like when its hash was right
//	FILE.part       an unfinished download
//	FILE.part.json  where that came from
//	FILE.lock       held, by an operating system's lock, while downloading
type entry struct {
	path   string
	prefix string // the beginning of the file's SHA-256, in lower-case hex
}

func (e entry) stampPath() string { return e.path + ".verified" }
func (e entry) partPath() string  { return e.path + ".part" }
func (e entry) lockPath() string  { return e.path + ".lock" }

// matches says whether a SHA-256 in hex is the entry's.
func (e entry) matches(sum string) bool { return strings.HasPrefix(sum, e.prefix) }

// stamp is what a file looked like when its hash was right. Hashing takes
// about a second for the largest checkpoints, so an unchanged file is hashed
// only once.
type stamp struct {
	SHA256   string    `json:"sha256"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

// verified says whether the file is there with the right hash, be it fetched
// or put there by hand.
func (e entry) verified(ctx context.Context) (bool, error) {
	info, err := os.Stat(e.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, errors.Errorf("%s: expected a regular file, found %s; remove it", e.path, info.Mode().Type())
	}
	if e.stamped(info) {
		return true, nil
	}
	sum, err := hashFile(ctx, e.path)
	if err != nil || !e.matches(sum) {
		return false, err
	}
	e.writeStamp(info, sum)
	return true, nil
}

// stamped says whether the file is unchanged since its hash was right.
func (e entry) stamped(info fs.FileInfo) bool {
	var s stamp
	text, err := os.ReadFile(e.stampPath())
	return err == nil && json.Unmarshal(text, &s) == nil &&
		e.matches(s.SHA256) && s.Size == info.Size() && s.Modified.Equal(info.ModTime())
}

// writeStamp records that the file's hash is right. Where it cannot, as in a
// read-only cache, nothing is lost but time.
func (e entry) writeStamp(info fs.FileInfo, sum string) {
	text, err := json.Marshal(stamp{sum, info.Size(), info.ModTime()})
	if err == nil {
		_ = os.WriteFile(e.stampPath(), text, 0o666)
	}
}

// install makes a complete and verified part the entry's file, at once for
// whoever looks.
func (e entry) install(p *part, sum string) error {
	if err := p.finish(); err != nil {
		return err
	}
	if err := os.Rename(p.path, e.path); err != nil {
		return err
	}
	os.Remove(statePath(p.path))
	info, err := os.Stat(e.path)
	if err != nil {
		return err
	}
	e.writeStamp(info, sum)
	return nil
}

// hashFile is a file's SHA-256 in lower-case hex.
func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, contextReader{ctx, f}, make([]byte, bufferSize)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// contextReader stops when its context is cancelled.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}
