package weights

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Schemes in which some or all modules have numbers: those of an nn.Sequential.

// numbered translates the first module of a key.
type numbered map[string]string

func (n numbered) translate(name string) string {
	for from, to := range n {
		if rest, ok := strings.CutPrefix(name, from+"."); ok {
			return to + "." + rest
		}
	}
	return name
}

// stemModules are the modules of a stem that have weights, by how many there
// are: a convolution and its normalisation, or three of each.
var stemModules = map[int][]string{
	2: {"conv1", "bn1"},
	6: {"conv1.0", "conv1.1", "conv1.3", "conv1.4", "conv1.6", "bn1"},
}

// number is the number that a key begins with.
var number = regexp.MustCompile(`^(\d{1,6})\.(.*)$`)

// numberedStem is OpenMMLab's stem.0 … stem.7, and others' layer0.0 ….
func numberedStem(sd *StateDict, prefix string) numbered {
	n := numbered{}
	for _, stem := range []string{"stem", "layer0"} {
		found := numbersBelow(sd.names, prefix+stem+".")
		for i, to := range stemModules[len(found)] {
			n[stem+"."+strconv.Itoa(found[i])] = to
		}
	}
	return n
}

// numbersBelow lists the numbers that follow a prefix in keys, sorted.
func numbersBelow(names []string, prefix string) []int {
	var found []int
	for _, name := range names {
		inside, ok := strings.CutPrefix(name, prefix)
		if m := number.FindStringSubmatch(inside); ok && m != nil {
			i, _ := strconv.Atoi(m[1])
			found = append(found, i)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// stageChild is a block in a child that is a stage.
var stageChild = regexp.MustCompile(`^\d+\.\d+\.conv1\.weight$`)

// numberedChildren is nn.Sequential(*resnet.children()): the stem's modules, the
// stages, of which those between have no weights, and perhaps the classifier.
func numberedChildren(sd *StateDict, prefix string) numbered {
	stage := map[int]bool{}
	for _, name := range sd.names {
		inside, ok := strings.CutPrefix(name, prefix)
		if ok && stageChild.MatchString(inside) {
			i, _ := strconv.Atoi(number.FindStringSubmatch(inside)[1])
			stage[i] = true
		}
	}
	n := numbered{}
	var stem []int
	stages := 0
	for _, i := range numbersBelow(sd.names, prefix) {
		child := strconv.Itoa(i)
		switch {
		case stage[i]:
			stages++
			n[child] = "layer" + strconv.Itoa(stages)
		case stages == 0:
			stem = append(stem, i)
		case isMatrix(sd, prefix+child+".weight"):
			n[child] = "fc"
		}
	}
	for k, to := range stemModules[len(stem)] {
		n[strconv.Itoa(stem[k])] = to
	}
	return n
}

func isMatrix(sd *StateDict, name string) bool {
	t := sd.tensors[name]
	return t != nil && len(t.shape) == 2
}

// fromCSAIL numbers a deep stem as timm does.
func fromCSAIL(name string) string {
	module, rest, _ := strings.Cut(name, ".")
	to, ok := map[string]string{
		"conv1": "conv1.0", "bn1": "conv1.1", "conv2": "conv1.3", "bn2": "conv1.4", "conv3": "conv1.6", "bn3": "bn1",
	}[module]
	if !ok {
		return name
	}
	return to + "." + rest
}
