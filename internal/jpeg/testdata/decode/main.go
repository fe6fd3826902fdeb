//go:build linux

// Command decode is this side of testdata/gen/jpeg_bench.py: for each line, the
// path of a JPEG, it decodes the file once and prints the nanoseconds that its
// thread computed.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	stdjpeg "image/jpeg"
	"log"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/vertebra-vision/vertebra/internal/jpeg"
)

func main() {
	runtime.LockOSThread()
	decode := ours()
	if len(os.Args) > 1 && os.Args[1] == "image/jpeg" {
		decode = func(data []byte) error {
			_, err := stdjpeg.Decode(bytes.NewReader(data))
			return err
		}
	}
	files := map[string][]byte{}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		path := lines.Text()
		data, ok := files[path]
		if !ok {
			var err error
			if data, err = os.ReadFile(path); err != nil {
				log.Fatal(err)
			}
			files[path] = data
		}
		start := computed()
		if err := decode(data); err != nil {
			log.Fatal(path, ": ", err)
		}
		fmt.Println(computed() - start)
	}
}

// computed is how long this thread has run.
func computed() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		log.Fatal(err)
	}
	return t.Nano()
}

// ours keeps a decoder and a picture.
func ours() func([]byte) error {
	var d jpeg.Decoder
	var pix []uint8
	return func(data []byte) error {
		if _, err := d.Start(data, jpeg.Options{}); err != nil {
			return err
		}
		w, h := d.Size()
		if cap(pix) < 3*w*h {
			pix = make([]uint8, 3*w*h)
		}
		_, err := d.Rows(pix[:3*w*h])
		return err
	}
}
