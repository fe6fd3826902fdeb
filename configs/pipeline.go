package configs

import (
	"image"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/video"
)

// Pipeline is what package video does with the model.
type Pipeline struct {
	// Sources are where frames come from.
	Sources []Source `yaml:"sources,required" list:"nonempty"`
	// Top is how many of the likeliest classes to report. Default 5.
	Top int `yaml:"top" min:"1" max:"100000"`
	// Batch says how many frames the model computes at once.
	Batch Batch `yaml:"batch"`
	// Smoothing steadies classes, Tracking gives detections ids, Annotate draws
	// into the frames. Default: none.
	Smoothing *Smoothing `yaml:"smoothing"`
	Tracking  *Tracking  `yaml:"tracking"`
	Annotate  *Annotate  `yaml:"annotate"`
	// Queue is how many frames or results may wait before each stage. Default
	// 4.
	Queue int `yaml:"queue" min:"1" max:"65536"`
	// LogEvery is the time between lines of figures in the log. Default: none.
	LogEvery Duration `yaml:"log_every"`
	// Sinks are where results go.
	Sinks []Sink `yaml:"sinks"`
}

// Source is one input. It has exactly one of File, Camera, URL, GStreamer,
// Images, Sequence, MJPEG, Y4M and Raw.
type Source struct {
	// Name tells sources apart. Default: source0, source1 …
	Name string `yaml:"name"`
	// File is a video file, Camera a device's number, URL an RTSP or HTTP
	// stream and GStreamer a pipeline in its language. They need OpenCV.
	File      string `yaml:"file"`
	Camera    *int   `yaml:"camera" min:"0" max:"1000"`
	URL       string `yaml:"url"`
	GStreamer string `yaml:"gstreamer"`
	// Images is a folder or a glob of pictures, Sequence a path with the
	// number's place: frame_%05d.png.
	Images   string `yaml:"images"`
	Sequence string `yaml:"sequence"`
	// MJPEG is the URL of an MJPEG stream over HTTP.
	MJPEG string `yaml:"mjpeg"`
	// Y4M is a YUV4MPEG2 stream's file, - for standard input; Raw one of raw
	// frames.
	Y4M string `yaml:"y4m"`
	Raw *Raw   `yaml:"raw"`
	// First is a sequence's first number. Default 0.
	First int `yaml:"first" min:"0" max:"1000000000"`
	// Rate is the frames per second of pictures. Default 25.
	Rate float64 `yaml:"rate" min:"0.001" max:"100000"`

	// Start and End bound the time; Stride takes every n-th frame; FPS leaves
	// out frames so that at most so many a second are left; Region is x, y,
	// width and height of the part to take; Loop begins again at the end.
	Start  Duration `yaml:"start"`
	End    Duration `yaml:"end"`
	Stride int      `yaml:"stride" min:"1" max:"1000000"`
	FPS    float64  `yaml:"fps" min:"0.001" max:"100000"`
	Region *[4]int  `yaml:"region" min:"0" max:"1000000"`
	Loop   bool     `yaml:"loop"`

	// Policy is what a full queue of a live source does. Default block.
	Policy video.Policy `yaml:"policy" enum:"block,drop-oldest,latest"`
	// Queue is how many frames may wait. Default 4.
	Queue int `yaml:"queue" min:"1" max:"65536"`
	// Stall is how long a live source may be silent. Default 10s.
	Stall Duration `yaml:"stall"`
	// Reconnect says how a live source is opened again.
	Reconnect Reconnect `yaml:"reconnect"`
}

// Raw describes frames without a header.
type Raw struct {
	// Path is a file, or - for standard input.
	Path   string            `yaml:"path,required"`
	Width  int               `yaml:"width,required" min:"1" max:"65536"`
	Height int               `yaml:"height,required" min:"1" max:"65536"`
	Format video.PixelFormat `yaml:"format" enum:"rgb24,bgr24,gray"`
}

// Reconnect is video.Reconnect.
type Reconnect struct {
	Disabled bool     `yaml:"disabled"`
	Initial  Duration `yaml:"initial"`
	Max      Duration `yaml:"max"`
	Attempts int      `yaml:"attempts" min:"1" max:"1000000"`
}

// Batch is video.Batching.
type Batch struct {
	Size int      `yaml:"size" min:"1" max:"4096"`
	Wait Duration `yaml:"wait"`
}

// Smoothing is video.Smoothing.
type Smoothing struct {
	Window int     `yaml:"window" min:"1" max:"10000"`
	Enter  float64 `yaml:"enter" min:"0" max:"1"`
	Exit   float64 `yaml:"exit" min:"0" max:"1"`
}

// Tracking is video.Tracking.
type Tracking struct {
	MinIoU float64 `yaml:"min_iou" min:"0.001" max:"1"`
	MaxAge int     `yaml:"max_age" min:"1" max:"1000000"`
}

// Annotate is video.Style.
type Annotate struct {
	Line     int     `yaml:"line" min:"1" max:"1000"`
	Opacity  float64 `yaml:"opacity" min:"0.001" max:"1"`
	MinScore float64 `yaml:"min_score" min:"0" max:"1"`
	NoText   bool    `yaml:"no_text"`
}

// Sink is one output. It has exactly one of JSONL, Video, Window, HTTP, Images
// and Features.
type Sink struct {
	// JSONL is a file of a line of JSON for each frame.
	JSONL string `yaml:"jsonl"`
	// Video is a video file, Window a title on the screen. They need OpenCV.
	Video  *VideoFile `yaml:"video"`
	Window string     `yaml:"window"`
	// HTTP is the address that a browser may look at, such as localhost:8080.
	HTTP string `yaml:"http"`
	// Images is a folder of pictures, Features one of .safetensors files.
	Images   *ImageFolder   `yaml:"images"`
	Features *FeatureFolder `yaml:"features"`
	// Sources limits the sink to these. Default: all.
	Sources []string `yaml:"sources" list:"nonempty,unique"`
}

// VideoFile is a video file to write.
type VideoFile struct {
	// Path may have {source} for the source's name.
	Path  string  `yaml:"path,required"`
	Codec string  `yaml:"codec"`
	FPS   float64 `yaml:"fps" min:"0.001" max:"100000"`
}

// ImageFolder is a folder of pictures to write.
type ImageFolder struct {
	Folder string `yaml:"folder,required"`
	// Format defaults to jpg.
	Format string `yaml:"format" enum:"jpg,png"`
}

// FeatureFolder is a folder of .safetensors files to write.
type FeatureFolder struct {
	Folder string `yaml:"folder,required"`
	// Frames a file. Default 256.
	Frames int `yaml:"frames" min:"1" max:"65536"`
}

// Duration is a time such as 250ms or 1m30s.
type Duration time.Duration

func (t *Duration) decode(d *decoder, n *yaml.Node, path string) {
	v, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || !durationForm.MatchString(n.Value) || err != nil || v <= 0 {
		d.wrong(n, path, "expected a time such as 250ms, 10s or 1m30s, found %s", describe(n))
		return
	}
	*t = Duration(v)
}

// one checks that exactly one of the keys is there.
func (d *decoder) one(n *yaml.Node, path string, keys ...string) {
	var have []string
	for _, key := range keys {
		if child(n, key) != nil {
			have = append(have, key)
		}
	}
	switch len(have) {
	case 0:
		d.wrong(n, path, "expected one of %s", strings.Join(keys, ", "))
	case 1:
		if v := child(n, have[0]); v.Kind == yaml.ScalarNode && v.Value == "" {
			d.wrong(v, join(path, have[0]), "expected text that is not empty")
		}
	default:
		d.wrong(child(n, have[1]), join(path, have[1]), "excludes %s: give one of the two", have[0])
	}
}

func (s *Source) check(d *decoder, n *yaml.Node, path string) {
	d.one(n, path, sourceKinds...)
	if s.End != 0 && s.End <= s.Start {
		d.wrong(child(n, "end"), join(path, "end"), "expected a time after start")
	}
	if s.Region != nil && (s.Region[2] == 0 || s.Region[3] == 0) {
		d.wrong(child(n, "region"), join(path, "region"), "expected x, y, width and height, found no pixels")
	}
}

var sourceKinds = []string{"file", "camera", "url", "gstreamer", "images", "sequence", "mjpeg", "y4m", "raw"}
var sinkKinds = []string{"jsonl", "video", "window", "http", "images", "features"}

func (s *Sink) check(d *decoder, n *yaml.Node, path string) { d.one(n, path, sinkKinds...) }

func (r *Raw) check(d *decoder, n *yaml.Node, path string) { d.named(n, path, "path") }

func (f *VideoFile) check(d *decoder, n *yaml.Node, path string) { d.named(n, path, "path") }

func (f *ImageFolder) check(d *decoder, n *yaml.Node, path string) { d.named(n, path, "folder") }

func (f *FeatureFolder) check(d *decoder, n *yaml.Node, path string) { d.named(n, path, "folder") }

// named checks that a text is not empty.
func (d *decoder) named(n *yaml.Node, path, key string) {
	if v := child(n, key); v.Value == "" {
		d.wrong(v, join(path, key), "expected text that is not empty")
	}
}

func (s *Smoothing) check(d *decoder, n *yaml.Node, path string) {
	if s.Exit > s.Enter {
		d.wrong(child(n, "exit"), join(path, "exit"), "expected at most enter, %v", s.Enter)
	}
}

func (p *Pipeline) check(d *decoder, n *yaml.Node, path string) {
	var names []string
	for i, s := range p.Sources {
		at := join(indexed(join(path, "sources"), i), "name")
		if s.Name == "" {
			s.Name = "source" + strconv.Itoa(i)
		}
		if slices.Contains(names, s.Name) {
			where := d.nodes[at]
			if where == nil {
				where = n
			}
			d.wrong(where, at, "two sources are called %q", shorten(s.Name))
		}
		names = append(names, s.Name)
	}
	for i, s := range p.Sinks {
		for j, name := range s.Sources {
			if !slices.Contains(names, name) {
				at := indexed(join(indexed(join(path, "sinks"), i), "sources"), j)
				d.wrong(d.nodes[at], at, "there is no source %q", shorten(name))
			}
		}
	}
}

// roi is the region as a rectangle, the whole picture without one.
func (s *Source) roi() image.Rectangle {
	if s.Region == nil {
		return image.Rectangle{}
	}
	return image.Rect(s.Region[0], s.Region[1], s.Region[0]+s.Region[2], s.Region[1]+s.Region[3])
}

// SetSource puts what a person wrote on a command line in the place of the
// first source: a number is a camera, a URL a stream, a folder, glob or
// picture a list of images, .y4m a YUV4MPEG2 stream, anything else a video
// file, relative to the working directory.
func (c *Config) SetSource(text string) {
	if c.Pipeline == nil {
		c.Pipeline = &Pipeline{}
	}
	if len(c.Pipeline.Sources) == 0 {
		c.Pipeline.Sources = make([]Source, 1)
	}
	s := &c.Pipeline.Sources[0]
	s.File, s.Camera, s.URL, s.GStreamer, s.Images, s.Sequence, s.MJPEG, s.Y4M, s.Raw = "", nil, "", "", "", "", "", "", nil
	lower := strings.ToLower(text)
	path := text
	if abs, err := filepath.Abs(text); err == nil && text != "-" {
		path = abs
	}
	info, err := os.Stat(text)
	camera, number := strconv.Atoi(text)
	switch extension := filepath.Ext(lower); {
	case err == nil && info.IsDir(), err != nil && strings.ContainsAny(text, "*?[") && !strings.Contains(text, "://"):
		s.Images = path
	case number == nil && err != nil:
		s.Camera = &camera
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		s.MJPEG = text
	case strings.Contains(text, "://"):
		s.URL = text
	case text == "-", extension == ".y4m":
		s.Y4M = path
	case slices.Contains(transform.Extensions(), extension) && extension != ".gif": // which may be a film
		s.Images = path
	default:
		s.File = path
	}
}

// durationForm is what a Duration looks like; the JSON Schema has the same.
var durationForm = regexp.MustCompile(`^[1-9][0-9]*(\.[0-9]+)?(ms|us|ns|µs|h|m|s)([0-9]+(\.[0-9]+)?(ms|us|ns|µs|h|m|s))*$`)

// AddSink adds a sink whose path is relative to the working directory, as it
// would be written on a command line.
func (c *Config) AddSink(s Sink) {
	if c.Pipeline == nil {
		c.Pipeline = &Pipeline{}
	}
	one := Pipeline{Sinks: []Sink{s}}
	c.Pipeline.Sinks = append(c.Pipeline.Sinks, one.resolvePaths(func(path string) string {
		if abs, err := filepath.Abs(path); err == nil && path != "" {
			return abs
		}
		return path
	}).Sinks...)
}
