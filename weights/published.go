package weights

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// ErrUnknownCheckpoint is wrapped by the error for a name that no published
// checkpoint has.
var ErrUnknownCheckpoint = errors.New("unknown checkpoint")

// Lookup finds a published checkpoint. These all name the same one, in any
// case of letters:
//
//	resnet50/IMAGENET1K_V2
//	resnet50/DEFAULT
//	resnet50
//	ResNet50_Weights.IMAGENET1K_V2
//	ResNet50_Weights.DEFAULT
//
// and so do these, by detectron2's name:
//
//	maskrcnn_resnet50_v1_fpn_detectron2/COCO_3X
//	COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_3x
//
// Without a tag it is the model's DEFAULT, which is torchvision's newest. An
// unknown name gives an error that wraps [ErrUnknownCheckpoint] and lists the
// nearest names.
func Lookup(name string) (*Checkpoint, error) {
	model, tag := splitName(name)
	for _, c := range registry() {
		own := c.Model == model && (strings.EqualFold(c.Tag, tag) || c.Default && tag == "default")
		if own || c.Alias != "" && strings.EqualFold(c.Alias, strings.TrimSpace(name)) {
			found := c.clone()
			return &found, nil
		}
	}
	return nil, errors.Wrapf(ErrUnknownCheckpoint, "%s%s", quote(name), names.DidYouMean(model+"/"+tag, knownNames(model)))
}

// splitName brings a name in any spelling to a model and a tag, both in lower
// case.
func splitName(name string) (model, tag string) {
	name = strings.ToLower(strings.TrimSpace(name))
	model, tag, ok := strings.Cut(name, "_weights.")
	if !ok {
		model, tag, ok = strings.Cut(name, "/")
	}
	if !ok {
		return strings.TrimSuffix(name, "_weights"), "default"
	}
	return model, tag
}

// knownNames lists what an unknown name can be compared with: the model's own
// checkpoints if the model is known, else all.
func knownNames(model string) []string {
	var all, own []string
	for _, c := range registry() {
		all = append(all, c.Name())
		if c.Model == model {
			own = append(own, c.Name())
		}
	}
	if own != nil {
		return own
	}
	return all
}

// quote is a user's text in an error message, shortened where it is absurd.
func quote(text string) string {
	const most = 100
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}

// Resolve gives the file for what a person wrote where weights are wanted: the
// path of an existing file, or of a folder that holds a checkpoint, as it is,
// else the name of a published checkpoint, which it fetches as [Fetch] does. The
// checkpoint is nil for a path. Where it is neither, the error wraps
// [ErrUnknownCheckpoint] and says so.
func Resolve(ctx context.Context, nameOrPath string, opts ...FetchOption) (path string, ck *Checkpoint, err error) {
	info, statErr := os.Stat(nameOrPath)
	if statErr == nil && (!info.IsDir() || holdsCheckpoint(nameOrPath)) {
		return nameOrPath, nil, nil
	}
	ck, err = Lookup(nameOrPath)
	if err != nil {
		return "", nil, errors.WithMessage(err, notAFile(nameOrPath, statErr)+", and no published checkpoint has that name")
	}
	path, err = fetch(ctx, ck, opts)
	if err != nil {
		return "", nil, err
	}
	return path, ck, nil
}

// notAFile says why a path was not taken; statErr is nil for a folder.
func notAFile(path string, statErr error) string {
	switch {
	case statErr == nil:
		return "weights: " + quote(path) + " is a folder, expected a checkpoint's file"
	case errors.Is(statErr, fs.ErrNotExist):
		return "weights: there is no file " + quote(path)
	}
	var pathErr *fs.PathError
	if errors.As(statErr, &pathErr) {
		statErr = pathErr.Err // without the path, which may be absurd
	}
	return fmt.Sprintf("weights: the file %s cannot be read (%v)", quote(path), statErr)
}
