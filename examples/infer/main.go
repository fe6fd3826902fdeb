// Command infer runs any network that a YAML file describes and writes every
// output as a named tensor.
//
//	go run ./examples/infer -config cifar_resnet20 -weights resnet20.th -input photo.png -out out.safetensors
//	go run ./examples/infer -config net.yaml -input batch.npy -nodes C3,layer3.0.conv2,logits -out out.safetensors
//
// The input is an image, which is preprocessed as the file says, or a tensor
// N×C×H×W in an .npy or .safetensors file, which is taken as it is.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vertebra-vision/vertebra/configs"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/results"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() { cli.Main("infer", run) }

func run(ctx context.Context, args []string, out, log io.Writer) error {
	fs := flag.NewFlagSet("infer", flag.ContinueOnError)
	config := fs.String("config", "", "a YAML `FILE`, or a shipped configuration: "+strings.Join(configs.Shipped(), ", "))
	source := fs.String("weights", "", "a checkpoint's `FILE` or a published one's name (default: what the configuration says)")
	under := fs.String("under", "", cli.UnderUsage)
	input := fs.String("input", "", "an image, or a tensor in an .npy or .safetensors `FILE`")
	file := fs.String("out", "", "the .safetensors `FILE` to write")
	nodes := fs.String("nodes", "", "`NAMES` of nodes and levels to write, by commas (default: the configuration's outputs)")
	check := fs.Bool("check", false, "check the configuration, print it resolved, and stop")
	if err := cli.Parse(fs, args, out, "-config FILE|NAME -input FILE -out FILE [flags]"); err != nil {
		return err
	}
	if *config == "" || !*check && (*input == "" || *file == "") || fs.NArg() > 0 {
		return cli.Usagef("-config, -input and -out are needed, and nothing else but flags")
	}
	c, err := configs.Load(*config)
	if err != nil {
		return err
	}
	if *source != "" {
		c.SetWeights(*source)
	}
	if *under != "" {
		c.Model.Weights.Under = *under
	}
	if *nodes != "" {
		c.Outputs = strings.Split(*nodes, ",")
	}
	if *check {
		_, err := io.WriteString(out, c.String())
		return err
	}
	if err := guard(c, *config, *input, *file); err != nil {
		return err
	}
	model, err := c.Build(ctx, weights.WithProgressBar(log))
	if err != nil {
		return err
	}
	if model.Detector != nil {
		return detectFile(ctx, out, model, *input, *file)
	}
	x, err := read(*input, model.Transform)
	if err != nil {
		return err
	}
	results, err := model.Network.Run(ctx, x, model.Outputs...)
	if err != nil {
		return err
	}
	return write(out, *file, model.Outputs, results)
}

// guard looks at the input before anything is downloaded, and keeps the results
// from replacing what is read.
func guard(c *configs.Config, config, input, file string) error {
	info, err := os.Stat(input)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return cli.Usagef("-input %s is a folder, want one image or tensor", input)
	}
	var g results.Guard
	g.Reads(config, input)
	g.Reads(c.Reads()...)
	g.Writes("-out", file)
	return g.Prepare()
}

// read reads a tensor, or an image that it preprocesses.
func read(path string, tf transform.Classification) (*ops.Tensor, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".npy", ".npz", ".safetensors":
		return readTensor(path)
	}
	img, err := transform.Load(path)
	if err != nil {
		return nil, err
	}
	return tf.Apply(img)
}

// readTensor takes a file's only tensor, or the one called input.
func readTensor(path string) (*ops.Tensor, error) {
	sd, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sd.Close() }()
	t, ok := sd.Get("input")
	if !ok && sd.Len() == 1 {
		t, ok = sd.Get(sd.Names()[0])
	}
	if !ok {
		return nil, fmt.Errorf("%s: expected one tensor, or one called input, found %d: %v", path, sd.Len(), sd.Names())
	}
	return t.Tensor()
}

// write writes the results and lists them.
func write(out io.Writer, file string, names []string, results map[string]*ops.Tensor) error {
	var named []weights.Named
	for _, name := range names {
		named = append(named, weights.Named{Name: name, Tensor: results[name]})
	}
	if err := weights.SaveSafetensors(file, named, nil); err != nil {
		return err
	}
	for _, n := range named {
		fmt.Fprintf(out, "%s %v\n", n.Name, n.Tensor.Shape())
	}
	fmt.Fprintf(out, "wrote %s\n", file)
	return nil
}
