package transform_test

import (
	"fmt"
	"log"
	"os"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// A photograph to the input of a network trained on ImageNet.
func ExampleClassification_Apply() {
	img, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(img.Width, img.Height)
	x, err := transform.ImageNet().Apply(img) // or ImageNetV2, or one's own Classification
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape())
	// Output:
	// 451 300
	// [1 3 224 224]
}

// Dense prediction wants the whole image: the shorter side at 256 pixels and
// nothing cut.
func ExampleClassification() {
	img, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	preprocess := transform.ImageNet()
	preprocess.Crop = 0
	x, err := preprocess.Apply(img)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape())
	// Output: [1 3 256 384]
}

// An image in a square, and a point of the square back in the image.
func ExampleLetterbox() {
	img, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	square, placement, err := transform.Letterbox(img, 640, 640, transform.LetterboxOptions{Fill: [3]uint8{114, 114, 114}})
	if err != nil {
		log.Fatal(err)
	}
	x, y := placement.ToImage(320, 320)
	fmt.Printf("%dx%d, its centre is at %.1f %.1f of the image\n", square.Width, square.Height, x, y)
	// Output: 640x640, its centre is at 225.5 150.0 of the image
}

// Frames of a camera, bytes in OpenCV's order, go straight to the input.
func ExampleNewFused() {
	fused, err := transform.NewFused(transform.ImageNet())
	if err != nil {
		log.Fatal(err)
	}
	frame := transform.Bytes{Pix: make([]uint8, 480*640*3), Width: 640, Height: 480, Stride: 640 * 3, BGR: true}
	x, err := fused.Apply(frame)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape())
	// Output: [1 3 224 224]
}

// An RGB is an image.Image whose bytes can be reached.
func ExampleNewRGB() {
	img, err := transform.NewRGB(4, 2)
	if err != nil {
		log.Fatal(err)
	}
	copy(img.Row(1)[3*2:], []uint8{255, 128, 0}) // the pixel (2, 1)
	fmt.Println(img.At(2, 1), len(img.Pix))
	// Output: {255 128 0 255} 24
}

// A file goes straight to the input; of a JPEG only what the crop keeps is
// computed.
func ExampleFused_ApplyFile() {
	fused, err := transform.NewFused(transform.ImageNet())
	if err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile("../../testdata/transform/420.jpg")
	if err != nil {
		log.Fatal(err)
	}
	x, err := fused.ApplyFile(data)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape())
	// Output: [1 3 224 224]
}

// A preview at a quarter of the size, of an upload that may have been cut off.
func ExampleDecodeBytes() {
	data, err := os.ReadFile("../../testdata/transform/420.jpg")
	if err != nil {
		log.Fatal(err)
	}
	img, err := transform.DecodeBytes(data[:len(data)*9/10], transform.WithScale(4), transform.WithPartial())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s of %dx%d, %d rows are real\n", img.Format, img.Width, img.Height, img.Real.Dy())
	// Output:
	// jpeg of 10x7, 4 rows are real
}
