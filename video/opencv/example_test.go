//go:build cgo

package opencv_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/video"
	_ "github.com/vertebra-vision/vertebra/video/opencv"
)

// Importing the package is enough: package video then opens video files and
// cameras, and writes video files, here one of a single frame.
func Example() {
	ctx := context.Background()
	c, err := classify.Open(ctx, classify.Source{Model: "cifar_resnet20", Weights: "../../examples/internal/cifar10/resnet20-12fca82f.th"})
	if err != nil {
		log.Fatal(err)
	}
	model, err := video.Classify(c, 1)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "video")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	clip := filepath.Join(dir, "clip.avi")
	run := func(name string, in video.Opener, out video.Output) {
		p, err := video.New(video.Config{
			Inputs:   []video.Input{{Name: name, Open: in}},
			Model:    model,
			Annotate: &video.Style{},
			Outputs:  []video.Output{out},
		})
		if err != nil {
			log.Fatal(err)
		}
		if err := p.Run(ctx); err != nil {
			log.Fatal(err)
		}
	}
	run("pictures", video.Images("../../testdata/images/rocket.*", 25), video.VideoFile(clip, video.WriterOptions{}))
	run("clip", video.File(clip), video.Func(func(ctx context.Context, r *video.Result) error { // video.Camera(0) is the first camera
		fmt.Println(r.Source, r.Index, r.Classes[0].Label)
		return nil
	}))
	// Output: clip 0 ship
}
