package examples

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/weights"
)

// Pictures of one name, by folder and by extension, and a bad one: each has
// results of its own, the bad one a warning and a line, and nothing is lost.
func TestSameNames(t *testing.T) {
	photos := []string{"a/x.png", "b/x.png", "a/x.jpg", "a/bad.png"}
	stems := []string{"a_x.png", "b_x.png", "a_x.jpg"}
	for _, c := range []struct {
		name string
		args []string
		// outputs has the files for each stem, which stands for *; JSON is the
		// file with the paths, - for the standard output.
		outputs, once []string
		json          string
	}{
		{"classify", []string{"-cam", "out", "-json"}, []string{"*.cam.png"}, nil, "-"},
		{"features", []string{"-out", "out", "-levels", "C2"}, []string{"*/C2.npy", "*/C2.png", "*/features.safetensors"}, nil, ""},
		{"detect", []string{"-out", "out", "-json", "out/found.json"}, []string{"*.detected.png"}, []string{"found.json"}, "out/found.json"},
		{"segment", []string{"-out", "out"}, []string{"*_overlay.png", "*_classes.png"}, nil, ""},
		{"embed", []string{"-out", "out"}, nil, []string{"embeddings.safetensors", "neighbours.png"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			photographs(t, dir, photos...)
			before := contents(t, dir)
			ended := run(t, dir, c.name, append(append(network(t, c.name), c.args...), photos...)...)
			assert.Equal(t, 1, ended.code)
			assert.Regexp(t, `(?m)^`+c.name+`: a/bad\.png: not a readable`, ended.errors)
			assert.Equal(t, c.name+": 1 of 4 pictures failed", ended.lines()[len(ended.lines())-1])

			after := contents(t, dir)
			want := []string{}
			for _, output := range c.outputs {
				for _, stem := range stems {
					want = append(want, "out/"+strings.ReplaceAll(output, "*", stem))
				}
			}
			for _, output := range c.once {
				want = append(want, "out/"+output)
			}
			for name, data := range before {
				assert.Equal(t, data, after[name], "%s is a picture of the user's", name)
				delete(after, name)
			}
			assert.ElementsMatch(t, want, keys(after))

			switch c.json {
			case "":
				assert.Regexp(t, `(?m)^bad\.png: failed: not a readable`, ended.out)
				for _, label := range []string{"a/x.png", "b/x.png"} {
					assert.Contains(t, ended.out, label)
				}
			case "-":
				assertPaths(t, strings.Split(strings.TrimSpace(ended.out), "\n"), photos)
			default:
				var entries []json.RawMessage
				require.NoError(t, json.Unmarshal([]byte(after[c.json]), &entries))
				lines := make([]string, len(entries))
				for i := range entries {
					lines[i] = string(entries[i])
				}
				assertPaths(t, lines, photos)
			}
		})
	}
}

// assertPaths looks for the pictures' paths, as they were given, in lines of
// JSON, in their order, and for an error with the bad one's.
func assertPaths(t *testing.T, lines, photos []string) {
	t.Helper()
	var paths []string
	for _, line := range lines {
		var entry struct {
			Image string `json:"image"`
			File  string `json:"file_name"`
			Error string `json:"error"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		path := entry.Image + entry.File
		assert.Equal(t, strings.Contains(path, "bad"), entry.Error != "", line)
		if n := len(paths); n == 0 || paths[n-1] != path {
			paths = append(paths, path)
		}
	}
	assert.Equal(t, photos, paths)
}

// The examples that read labelled folders and streams, of the same pictures.
func TestSameNamesElsewhere(t *testing.T) {
	dir := t.TempDir()
	photographs(t, dir, "set/cat/x.png", "set/dog/x.png", "set/dog/bad.png")
	before := contents(t, dir)
	ended := run(t, dir, "evaluate", "-data", "set")
	assert.Equal(t, 1, ended.code)
	assert.Regexp(t, `(?m)^bad\.png: failed: .*\n.*: 2 images, top-1 error .*, 1 others failed$`, ended.out)

	ended = run(t, dir, "video", "-source", "set/*/x.png", "-jsonl", "out/deep/frames.jsonl")
	assert.Zero(t, ended.code, ended.errors)
	assert.Equal(t, 2, strings.Count(contents(t, dir)["out/deep/frames.jsonl"], "\n"))

	photographs(t, dir, "frames/1.png", "frames/bad.png", "frames/2.png", "frames/._1.png")
	ended = run(t, dir, "video", "-source", "frames", "-every", "0s", "-jsonl", "out/frames.jsonl")
	assert.Equal(t, 1, ended.code)
	assert.Regexp(t, `(?m)^source0 .* failed: .*bad\.png: not a readable`, ended.out)
	assert.Regexp(t, `(?m)^video: .*bad\.png: not a readable`, ended.errors)
	assert.Equal(t, 2, strings.Count(contents(t, dir)["out/frames.jsonl"], "\n"))
	ended = run(t, dir, "video", "-source", "frames", "-max-bad", "0")
	assert.Equal(t, 1, ended.code)
	assert.Contains(t, ended.errors, "bad.png")

	ended = run(t, dir, "infer", append(network(t, "infer"), "-input", "set/cat/x.png", "-out", "out/cat/x.safetensors")...)
	assert.Zero(t, ended.code, ended.errors)
	ended = run(t, dir, "benchmark", append(network(t, "benchmark"), "-model", "cifar_resnet20,resnet51", "-json", "out/b/figures.json")...)
	assert.Equal(t, 1, ended.code)
	assert.Contains(t, ended.errors, "resnet51")
	after := contents(t, dir)
	assert.Contains(t, after["out/b/figures.json"], `"cifar_resnet20"`, "what was measured before the error")
	for name, data := range before {
		assert.Equal(t, data, after[name])
	}
}

// Results that would replace what the run reads, or each other, are refused
// before anything is computed or made.
func TestRefused(t *testing.T) {
	for name, list := range map[string][][]string{
		"classify":  {{"-cam", "d", "d/a.png", "d/a.cam.png"}, {"-cam", "link", "d"}},
		"features":  {{"-out", "d", "d/C3.png"}, {"-out", "d/", "./d/../d/C3.png"}},
		"detect":    {{"-out", "d", "d/a.png", "d/a.detected.png"}, {"-json", "d/a.png", "d"}, {"-out", "new", "-json", "new/a.detected.png", "d/a.png"}, {"-json", "WEIGHTS", "d/a.png"}},
		"segment":   {{"-out", "d", "d/a.png", "d/a_classes.png"}, {"-out", "link", "d"}},
		"embed":     {{"-out", "d", "d"}, {"-out", "link", "d/neighbours.png", "d/a.png"}},
		"infer":     {{"-input", "d/a.png", "-out", "d/a.png"}, {"-input", "d/a.png", "-out", "hard.png"}, {"-config", "net.yaml", "-input", "d/a.png", "-out", "net.yaml"}, {"-input", "d/a.png", "-out", "WEIGHTS"}, {"-input", "d/a.png", "-out", "d"}},
		"video":     {{"-source", "d", "-jsonl", "d/a.png"}, {"-source", "d/*.png", "-jsonl", "link/a.png"}, {"-source", "d", "-jsonl", "new/x", "-video", "new/x"}, {"-config", "net.yaml", "-source", "d", "-jsonl", "net.yaml"}, {"-config", "pictures.yaml"}},
		"benchmark": {{"-weights", "WEIGHTS", "-json", "WEIGHTS"}, {"-weights", "WEIGHTS", "-tune", "WEIGHTS"}, {"-chart", "new/x", "-output", "new/x"}, {"-chart", "d"}},
		"evaluate":  nil, // writes nothing
	} {
		for _, args := range list {
			t.Run(name+" "+strings.Join(args, " "), func(t *testing.T) {
				dir := t.TempDir()
				photographs(t, dir, "d/a.png", "d/a.cam.png", "d/C3.png", "d/a.detected.png", "d/a_classes.png", "d/neighbours.png")
				for path, text := range map[string]string{
					"net.yaml":      "version: 1\nmodel: {backbone: cifar_resnet20}\n",
					"pictures.yaml": "version: 1\nmodel: {backbone: cifar_resnet20}\npipeline: {sources: [{images: d}], sinks: [{images: {folder: link, format: png}}]}\n",
					"weights.pth":   "not read before the outputs are looked at",
				} {
					require.NoError(t, os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644))
				}
				if os.Symlink("d", filepath.Join(dir, "link")) != nil || os.Link(filepath.Join(dir, "d/a.png"), filepath.Join(dir, "hard.png")) != nil {
					t.Skip("no links here")
				}
				all := network(t, name)
				for i := range all {
					if i > 0 && all[i-1] == "-weights" {
						all[i] = "weights.pth"
					}
				}
				for _, arg := range args {
					all = append(all, strings.ReplaceAll(arg, "WEIGHTS", "weights.pth"))
				}
				if name == "video" && args[0] != "-config" {
					all = args
				}
				before := contents(t, dir)
				refused := run(t, dir, name, all...)
				assert.Equal(t, 2, refused.code)
				assert.Empty(t, refused.out)
				assert.Len(t, refused.lines(), 1)
				assert.Regexp(t, `^`+name+`: .* would (both )?write `, refused.errors)
				assert.Equal(t, before, contents(t, dir))
				assert.NoDirExists(t, filepath.Join(dir, "new"))
			})
		}
	}
}

// The output folder may be the input's where nothing is lost.
func TestSameFolder(t *testing.T) {
	for name, c := range map[string]struct{ args, made []string }{
		"classify":  {[]string{"-cam", "d", "d"}, []string{"d/a.cam.png", "d/b.cam.png"}},
		"features":  {[]string{"-levels", "C3", "-out", "d", "d"}, []string{"d/a/C3.npy", "d/a/C3.png", "d/a/features.safetensors", "d/b/C3.npy", "d/b/C3.png", "d/b/features.safetensors"}},
		"detect":    {[]string{"-out", "d", "-json", "d/a.json", "d"}, []string{"d/a.detected.png", "d/a.json", "d/b.detected.png"}},
		"segment":   {[]string{"-out", "d", "d/a.png"}, []string{"d/a_classes.png", "d/a_overlay.png"}},
		"embed":     {[]string{"-out", "d", "d"}, []string{"d/embeddings.safetensors", "d/neighbours.png"}},
		"evaluate":  {[]string{"-data", "d"}, nil},
		"infer":     {[]string{"-input", "d/a.png", "-out", "d/a.safetensors"}, []string{"d/a.safetensors"}},
		"video":     {[]string{"-source", "d", "-jsonl", "d/a.jsonl"}, []string{"d/a.jsonl"}},
		"benchmark": {[]string{"-json", "d/a.json", "-chart", "d/chart.png"}, []string{"d/a.json", "d/chart.png"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			photographs(t, dir, "d/a.png", "d/b.png")
			if name == "evaluate" {
				require.NoError(t, os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "3")))
				c.args = []string{"-data", "3"}
			}
			before := contents(t, dir)
			ended := run(t, dir, name, append(network(t, name), c.args...)...)
			assert.Zero(t, ended.code, ended.errors)
			after := contents(t, dir)
			for file, data := range before {
				assert.Equal(t, data, after[file], file)
				delete(after, file)
			}
			assert.ElementsMatch(t, c.made, keys(after))
		})
	}
}

// A picture that cannot be written, because its name would be too long for
// instance, does not throw the others away.
func TestUnwritable(t *testing.T) {
	long := strings.Repeat("b", 248)
	for name, c := range map[string]struct{ args, made []string }{
		"classify": {[]string{"-json", "-cam", "out"}, []string{"out/a.cam.png", "out/c.cam.png"}},
		"detect":   {[]string{"-out", "out", "-json", "out/found.json"}, []string{"out/a.detected.png", "out/c.detected.png", "out/found.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			photos := []string{"a.png", long + ".png", "c.png"}
			photographs(t, dir, photos...)
			ended := run(t, dir, name, append(append(network(t, name), c.args...), photos...)...)
			assert.Equal(t, 1, ended.code)
			assert.Contains(t, ended.errors, name+": 1 of 3 pictures failed")
			after := contents(t, dir)
			for _, photo := range photos {
				delete(after, photo)
			}
			assert.ElementsMatch(t, c.made, keys(after))
			assert.Regexp(t, long+`\.png","error":"writing `, ended.out+after["out/found.json"])
		})
	}
}

// Vectors know the paths and what failed.
func TestEmbeddingNames(t *testing.T) {
	dir := t.TempDir()
	photographs(t, dir, "a/x.png", "b/x.png", "bad.png")
	ended := run(t, dir, "embed", "a", "./b", "bad.png")
	assert.Equal(t, 1, ended.code)
	sd, err := weights.Open(filepath.Join(dir, "out", "embeddings.safetensors"))
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	e, _ := sd.Get("embeddings")
	assert.Equal(t, []int{2, 64}, e.Shape())
	text := contents(t, dir)["out/embeddings.safetensors"]
	assert.Regexp(t, regexp.MustCompile(`"names":"\[\\"a/x\.png\\",\\"b/x\.png\\"\]"`), text)
	assert.Regexp(t, regexp.MustCompile(`"failed":"\[\{\\"image\\":\\"bad\.png\\",\\"error\\":\\"not a readable`), text)
}
