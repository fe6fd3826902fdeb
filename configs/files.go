package configs

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Reads lists the files that are read for a configuration, besides the one it
// stands in: those of the weights, labels and sources that there are now. Of
// a source that is a folder or a pattern these are all the files that it may
// mean.
func (c *Config) Reads() []string {
	whole := *c
	whole.resolvePaths()
	list := []string{whole.Model.Weights.Source, whole.Model.Labels.Source}
	if whole.Pipeline != nil {
		for _, s := range whole.Pipeline.Sources {
			list = append(list, s.files()...)
		}
	}
	var there []string
	for _, path := range list {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			there = append(there, path)
		}
	}
	return there
}

// files are what a source may read.
func (s *Source) files() []string {
	list := []string{s.File, s.Y4M, s.Images}
	if s.Raw != nil {
		list = append(list, s.Raw.Path)
	}
	if entries, err := os.ReadDir(s.Images); s.Images != "" && err == nil {
		for _, e := range entries {
			list = append(list, filepath.Join(s.Images, e.Name()))
		}
	} else {
		matches, _ := filepath.Glob(s.Images)
		list = append(list, matches...)
	}
	matches, _ := filepath.Glob(sequenceNumber.ReplaceAllString(s.Sequence, "*"))
	return append(list, matches...)
}

// sequenceNumber is the number's place in a sequence's path.
var sequenceNumber = regexp.MustCompile(`%[0-9]*d`)

// Written is a file that a sink writes or, with an Extension, a folder into
// which it writes files whose names end so.
type Written struct{ Path, Extension string }

// Writes lists what the sinks write. A program that compares it with what Reads
// lists loses nobody's files.
func (c *Config) Writes() []Written {
	p := c.Pipeline.resolvePaths(c.fromFile)
	if p == nil {
		return nil
	}
	var list []Written
	for _, s := range p.Sinks {
		switch {
		case s.JSONL != "":
			list = append(list, Written{Path: s.JSONL})
		case s.Video != nil:
			for _, path := range p.videoFiles(&s) {
				list = append(list, Written{Path: path})
			}
		case s.Images != nil:
			list = append(list, Written{s.Images.Folder, "." + orDefault(s.Images.Format, defaultFormat)})
		case s.Features != nil:
			list = append(list, Written{s.Features.Folder, ".safetensors"})
		}
	}
	return list
}

// videoFiles are the files of a sink, one for each source where the path has
// the place for its name.
func (p *Pipeline) videoFiles(s *Sink) []string {
	const place = "{source}"
	if !strings.Contains(s.Video.Path, place) {
		return []string{s.Video.Path}
	}
	names := s.Sources
	if len(names) == 0 {
		for i, source := range p.Sources {
			names = append(names, orDefault(source.Name, "source"+strconv.Itoa(i)))
		}
	}
	var list []string
	for _, name := range names {
		list = append(list, strings.ReplaceAll(s.Video.Path, place, name))
	}
	return list
}
