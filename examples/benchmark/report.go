package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/peak"
	"github.com/vertebra-vision/vertebra/weights"
)

// Report is what -json writes.
type Report struct {
	Machine Machine `json:"machine"`
	Lines   []*Line `json:"lines"`
}

// Machine is what the figures are measured on.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	ISA        string `json:"isa"`
	Processors int    `json:"processors"`
	// PeakGFLOPs are the most multiply-adds it does, by number of threads, two
	// operations each; measured before and after the networks.
	PeakGFLOPs map[int]float64 `json:"peak_gflops,omitempty"`
}

func newReport(o *options) *Report {
	r := &Report{Machine: Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, ISA: kernel.Active().String(), Processors: runtime.NumCPU(),
		PeakGFLOPs: map[int]float64{},
	}}
	if !o.cold { // which is to measure nothing else
		r.measurePeaks(o)
	}
	return r
}

// measurePeaks measures the limit for each number of threads. A second time
// keeps the better figure: others may have used the machine in the first.
func (r *Report) measurePeaks(o *options) {
	peaks := r.Machine.PeakGFLOPs
	for _, n := range o.threads {
		peaks[n] = max(peaks[n], peak.Measure(n))
	}
}

// measure measures the lines, one after another.
func (r *Report) measure(ctx context.Context, o *options) error {
	for _, model := range o.models {
		for _, batch := range o.batches {
			for _, threads := range o.threads {
				c := Case{Network: model, Batch: batch, Height: o.height, Width: o.width, Threads: threads, Direct: o.direct, ByBatch: o.byBatch}
				line, err := c.measure(ctx, o)
				if err != nil {
					return err
				}
				r.Lines = append(r.Lines, line)
			}
		}
	}
	return nil
}

// write prints the table and writes the files that the options name.
func (r *Report) write(ctx context.Context, o *options, out io.Writer) error {
	if !o.cold {
		if ctx.Err() == nil {
			r.measurePeaks(o)
		}
		for _, l := range r.Lines {
			l.PeakPercent = 100 * l.GFLOPs / r.Machine.PeakGFLOPs[l.Threads]
		}
	}
	if o.json != "-" {
		if err := r.print(o, out); err != nil {
			return err
		}
	}
	if o.json != "" {
		if err := r.writeJSON(o.json, out); err != nil {
			return err
		}
	}
	if o.chart != "" {
		return r.draw(o)
	}
	return nil
}

func (r *Report) writeJSON(file string, out io.Writer) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if file == "-" {
		_, err = out.Write(text)
		return err
	}
	return weights.SaveFile(file, func(w io.Writer) error { _, err := w.Write(text); return err })
}

func (r *Report) print(o *options, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	switch {
	case o.cold:
		fmt.Fprintln(w, "network\tinput\tthreads\tstart to result ms\tpeak RSS MiB")
		for _, l := range r.Lines {
			fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%s\n", l.Network, l.input(), l.Threads, l.ColdMS, l.rss())
		}
	case o.profile:
		for _, l := range r.Lines {
			r.printSteps(w, l)
		}
	default:
		fmt.Fprintln(w, "network\tinput\tthreads\tmedian ms\tp95 ms\timages/s\tGFLOP/s\tof peak\tarena MiB\tpeak RSS MiB\tallocs/run")
		for _, l := range r.Lines {
			fmt.Fprintf(w, "%s\t%s\t%d\t%.2f\t%.2f\t%.1f\t%.0f\t%.0f %%\t%.1f\t%s\t%.1f\n", l.Network, l.input(), l.Threads,
				l.MedianMS, l.P95MS, l.Images, l.GFLOPs, l.PeakPercent, mebibytes(l.ArenaBytes), l.rss(), l.Allocs)
		}
	}
	if err := w.Flush(); err != nil || o.cold {
		return err
	}
	_, err := fmt.Fprint(out, r.peaks(o))
	return err
}

func (r *Report) printSteps(w io.Writer, l *Line) {
	fmt.Fprintln(w, "node\tfused\tkernel\tshape\tms\tshare\tGFLOP/s\tof peak")
	peak := r.Machine.PeakGFLOPs[l.Threads]
	for _, s := range l.Steps {
		fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%.3f\t%.1f %%\t%.0f\t%.0f %%\n", s.Node, strings.Join(s.Fused, " "), s.Kernel, s.Shape,
			s.MS, s.Percent, s.GFLOPs, 100*s.GFLOPs/peak)
	}
	fmt.Fprintf(w, "%s, %s, %s\t\t\t\t%.3f\t\t%.0f\t%.0f %%\n", l.Network, l.input(), plural(l.Threads, "thread"), l.MedianMS, l.GFLOPs, l.PeakPercent)
}

// peaks tells the limit, and whether to believe it.
func (r *Report) peaks(o *options) string {
	var b strings.Builder
	peaks := r.Machine.PeakGFLOPs
	for _, n := range o.threads {
		fmt.Fprintf(&b, "measured peak, %s, %s: %.1f GFLOP/s\n", r.Machine.ISA, plural(n, "thread"), peaks[n])
	}
	for _, n := range o.threads {
		if usable := float64(min(n, r.Machine.Processors)); usable > 1 && peaks[1] > 0 && peaks[n] < 0.7*usable*peaks[1] {
			fmt.Fprintf(&b, "%d threads reach less than 70 %% of %.0f times one's peak: other programs use the processors, or they share cores\n", n, usable)
		}
	}
	return b.String()
}

func (c Case) input() string { return fmt.Sprintf("%dx%dx%d", c.Batch, c.Height, c.Width) }

func (l *Line) rss() string {
	if l.RSSBytes == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", mebibytes(l.RSSBytes))
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
