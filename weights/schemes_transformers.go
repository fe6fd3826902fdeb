package weights

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	transformersStem  = regexp.MustCompile(`^embedder\.embedder\.(?:([0-2])\.)?(convolution|normalization)\.`)
	transformersLayer = regexp.MustCompile(`^encoder\.stages\.(\d{1,3})\.layers\.(\d+)\.layer\.(\d)\.(convolution|normalization)\.`)
	transformersShort = regexp.MustCompile(`^encoder\.stages\.(\d{1,3})\.layers\.(\d+)\.shortcut\.(1\.)?(convolution|normalization)\.`)
)

// fromTransformers gives a key of Hugging Face's ResNet its torchvision name.
// RT-DETR's has a deep stem and average pools in its shortcuts.
func fromTransformers(name string) string {
	if m := transformersStem.FindStringSubmatch(name); m != nil {
		modules, i := stemModules[2], 0
		if m[1] != "" {
			modules, i = stemModules[6], 2*int(m[1][0]-'0')
		}
		if m[2] == "normalization" {
			i++
		}
		return modules[i] + "." + name[len(m[0]):]
	}
	if m := transformersLayer.FindStringSubmatch(name); m != nil {
		module := map[string]string{"convolution": "conv", "normalization": "bn"}[m[4]]
		return block(m) + module + string(m[3][0]+1) + "." + name[len(m[0]):]
	}
	if m := transformersShort.FindStringSubmatch(name); m != nil {
		i := strings.Count(m[3], "1") // behind a pool
		if m[4] == "normalization" {
			i++
		}
		return block(m) + "downsample." + strconv.Itoa(i) + "." + name[len(m[0]):]
	}
	return name
}

// block is layer1.0. for stage 0 and block 0.
func block(m []string) string {
	stage, _ := strconv.Atoi(m[1])
	return "layer" + strconv.Itoa(stage+1) + "." + m[2] + "."
}
