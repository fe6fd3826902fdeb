package pictures

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/internal/names"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Job is what a program does with its pictures, one after another.
type Job struct {
	// Program is its name, for messages.
	Program  string
	Pictures []Picture
	// MaxBad is how many pictures may fail before the job stops; -1 is any
	// number.
	MaxBad int
	// Log is for warnings and, on a terminal, progress. It shows none while
	// Rows, where the results go as they come, is a terminal too.
	Log, Rows io.Writer
	// Visit does a picture. An error is that picture's, unless it is Fatal: it
	// becomes a warning and a line of the results, which Failed writes, and the
	// job goes on.
	Visit  func(*Picture, *transform.RGB) error
	Failed func(*Picture, error) error
}

// Fatal makes an error one that ends the job.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return fatalError{err}
}

type fatalError struct{ error }

// MaxBad is the default of -max-bad: it lets a folder have its share of broken
// files, and stops at what fails with all of them, a full disk or a wrong folder,
// in good time.
const MaxBad = 100

// Register adds the flag -max-bad.
func (j *Job) Register(fs *flag.FlagSet) {
	fs.IntVar(&j.MaxBad, "max-bad", MaxBad, "go on past so many pictures that cannot be read, computed or written, each with a warning and a line in the results; 0 stops at the first, -1 never")
}

// Run visits the pictures. It returns Visit's errors as one that counts them,
// or the context's.
func (j *Job) Run(ctx context.Context) error {
	if j.MaxBad < -1 {
		return cli.Usagef("-max-bad %d: want -1 or more", j.MaxBad)
	}
	bar := cli.Bar(j.Log, len(j.Pictures))
	if cli.IsTerminal(j.Rows) {
		bar = cli.Bar(io.Discard, len(j.Pictures))
	}
	defer func() { _ = bar.Finish() }()
	var from *archive
	defer func() { _ = from.Close() }()
	bad := 0
	for i := range j.Pictures {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := &j.Pictures[i]
		img, err := p.load(&from)
		if err == nil {
			err = j.Visit(p, img)
		}
		var fatal fatalError
		switch {
		case errors.As(err, &fatal):
			return fatal.error
		case ctx.Err() != nil && err != nil:
			return ctx.Err()
		}
		if err != nil {
			_ = bar.Clear()
			if err := j.fail(p, err); err != nil {
				return err
			}
			if bad++; bad > j.MaxBad && j.MaxBad >= 0 {
				return fmt.Errorf("stopped after %d of %d pictures, %d of which failed (-max-bad %d)", i+1, len(j.Pictures), bad, j.MaxBad)
			}
		}
		_ = bar.Add(1)
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d pictures failed", bad, len(j.Pictures))
	}
	return nil
}

// fail tells of a picture that failed.
func (j *Job) fail(p *Picture, err error) error {
	fmt.Fprintf(j.Log, "%s: %s: %s\n", j.Program, names.Printable(p.Name), cli.Line(err))
	return j.Failed(p, err)
}

// PrintFailure writes the line of a table of results for a picture that failed.
func PrintFailure(out io.Writer, p *Picture, err error) error {
	_, err = fmt.Fprintf(out, "%s: failed: %s\n", p.Label, cli.Line(err))
	return err
}

// Failure is the entry of results in JSON for a picture that failed.
type Failure struct {
	Image string `json:"image"`
	Error string `json:"error"`
}

// Failure makes the entry.
func (p *Picture) Failure(err error) Failure { return Failure{p.Name, err.Error()} }

// load reads the picture. from is the archive that is open, if one is.
func (p *Picture) load(from **archive) (*transform.RGB, error) {
	if p.err != nil {
		return nil, p.err
	}
	if p.archive == "" {
		return loadFile(p.Name)
	}
	if a := *from; a == nil || a.name != p.archive {
		_ = a.Close()
		var err error
		if *from, err = openArchive(p.archive); err != nil {
			return nil, err
		}
	}
	return (*from).picture(p.entry)
}

// loadFile is transform.Load, whose errors name the file, without the name.
func loadFile(path string) (*transform.RGB, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = f.Close() }()
	return transform.Decode(f)
}
