package video_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"log"

	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/video"
)

func model() video.Model {
	c, err := classify.Open(context.Background(), classify.Source{Model: "cifar_resnet20", Weights: "../examples/internal/cifar10/resnet20-12fca82f.th"})
	if err != nil {
		log.Fatal(err)
	}
	m, err := video.Classify(c, 1)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// Pictures in, a line of JSON for each out. Two sources share a model.
func ExamplePipeline_Run() {
	var lines bytes.Buffer
	p, err := video.New(video.Config{
		Inputs: []video.Input{
			{Name: "home", Open: video.Images("../testdata/images/chelsea.png", 25)},
			{Name: "cape", Open: video.Images("../testdata/images/rocket.*", 25)},
		},
		Model:   model(),
		Outputs: []video.Output{video.JSONLWriter(&lines)}, // video.JSONL(path) for a file
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	for dec := json.NewDecoder(&lines); ; {
		var r video.Record
		if err := dec.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Source, r.Index, r.Width, r.Height, r.Classes[0].Label)
	}
	// Unordered output:
	// home 0 451 300 cat
	// cape 0 640 427 ship
}

// A loop over the results, in place of a sink.
func ExamplePipeline_Results() {
	p, err := video.New(video.Config{
		Inputs: []video.Input{{
			Open:      video.Images("../testdata/images/*.jpg", 10), // ten a second
			Selection: video.Selection{Stride: 2},
		}},
		Model: model(),
	})
	if err != nil {
		log.Fatal(err)
	}
	for r, err := range p.Results(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Index, r.PTS, len(r.Classes))
	}
	// Output:
	// 0 0s 1
	// 2 200ms 1
	// 4 400ms 1
}

// stripes is a source of one's own: n frames that somebody computes. A live one
// says so in its Info.
type stripes struct{ next, n int64 }

func (s *stripes) Read(ctx context.Context) (*video.Frame, error) {
	if s.next == s.n {
		return nil, io.EOF
	}
	f, err := video.FromImage(image.NewGray(image.Rect(0, 0, 64, 48)))
	if err != nil {
		return nil, err
	}
	f.Index = s.next
	s.next++
	return f, ctx.Err()
}

func (s *stripes) Info() video.Info { return video.Info{Width: 64, Height: 48, Frames: s.n} }
func (s *stripes) Close() error     { return nil }

func ExampleSource() {
	p, err := video.New(video.Config{
		Inputs: []video.Input{{Name: "stripes", Open: func(context.Context) (video.Source, error) { return &stripes{n: 3}, nil }}},
		Model:  model(),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Stats().Frames, "frames of", p.Stats().Sources[0].Name)
	// Output: 3 frames of stripes
}

// counter is a sink of one's own.
type counter struct{ frames map[string]int }

func (c *counter) Write(ctx context.Context, r *video.Result) error {
	c.frames[r.Source]++
	return nil
}

// Close is called at the end, after the last Write.
func (c *counter) Close() error {
	fmt.Println(c.frames)
	return nil
}

func ExampleSink() {
	p, err := video.New(video.Config{
		Inputs:  []video.Input{{Name: "pictures", Open: video.Images("../testdata/images/*.png", 0)}},
		Model:   model(),
		Outputs: []video.Output{{Name: "counter", Open: func(context.Context) (video.Sink, error) { return &counter{map[string]int{}}, nil }}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output: map[pictures:2]
}
