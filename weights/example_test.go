package weights_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/vertebra-vision/vertebra/weights"
)

const checkpoint = "../examples/internal/cifar10/resnet20-12fca82f.th"

// What a file holds. Tensors stay in it until they are read.
func ExampleOpen() {
	sd, err := weights.Open(checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	defer sd.Close()
	fmt.Println(sd.Format(), "of", sd.Len(), "tensors")
	for _, name := range sd.Names()[:3] {
		t, _ := sd.Get(name)
		fmt.Println(name, t.DType(), t.Shape())
	}
	t, _ := sd.Get("module.conv1.weight")
	x, err := t.Tensor()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Rank(), x.Len())
	// Output:
	// torch legacy of 97 tensors
	// module.conv1.weight float32 [16 3 3 3]
	// module.bn1.weight float32 [16]
	// module.bn1.bias float32 [16]
	// 4 432
}

// The same weights under torchvision's names, whatever the file's are.
func ExampleCanonical() {
	sd, err := weights.Open(checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	defer sd.Close()
	canonical, scheme, err := weights.Canonical(sd)
	if err != nil {
		log.Fatal(err)
	}
	names := canonical.Names()
	fmt.Println(scheme, names[0], names[len(names)-1])
	// Output: torchvision conv1.weight fc.bias
}

// Keys that no scheme knows are renamed by hand, and what is left written as
// safetensors.
func ExampleStateDict_Map() {
	sd, err := weights.Open(checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	defer sd.Close()
	backboneOnly, err := sd.Map(func(name string) (string, bool) {
		name = strings.TrimPrefix(name, "module.")
		return "encoder." + name, !strings.HasPrefix(name, "linear.")
	})
	if err != nil {
		log.Fatal(err)
	}
	var tensors []weights.Named
	for _, name := range backboneOnly.Names() {
		t, _ := backboneOnly.Get(name)
		x, err := t.Tensor()
		if err != nil {
			log.Fatal(err)
		}
		tensors = append(tensors, weights.Named{Name: name, Tensor: x})
	}
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "encoder.safetensors")
	if err := weights.SaveSafetensors(path, tensors, map[string]string{"from": "resnet20"}); err != nil {
		log.Fatal(err)
	}

	saved, err := weights.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer saved.Close()
	fmt.Println(saved.Format(), saved.Len(), saved.Names()[0])
	// Output: safetensors 95 encoder.conv1.weight
}

// Loading allows NaN and infinite values, as PyTorch does; this finds them.
func ExampleNonFinite() {
	sd, err := weights.Open(checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	defer sd.Close()
	list, err := weights.NonFinite(sd)
	fmt.Println(len(list), err)
	// Output: 0 <nil>
}
