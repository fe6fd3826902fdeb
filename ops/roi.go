package ops

import (
	"context"
	"iter"
	"math"
	"runtime"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/parallel"
)

// RoI is a region of interest: a box in one image of a batch.
type RoI struct {
	// Image is the index of the image in the batch.
	Image int
	Box   Box
}

// maxRoICoordinate bounds a region's coordinates on the map, so that a hostile
// one cannot ask for an endless number of samples.
const maxRoICoordinate = 1 << 20

// checkRoIs reports a map or regions that cannot be pooled.
func checkRoIs(what string, x *Tensor, rois []RoI, size [2]int, scale float32) error {
	if err := want(what+": the map", x, 4); err != nil {
		return err
	}
	if len(rois) == 0 {
		return errors.Wrapf(ErrShape, "%s: no regions, and a tensor cannot be empty", what)
	}
	if size[0] < 1 || size[1] < 1 || size[0] > maxPooled || size[1] > maxPooled {
		return errors.Wrapf(ErrShape, "%s: output size %v, want 1 to %d", what, size, maxPooled)
	}
	if !(scale > 0) || math.IsInf(float64(scale), 0) {
		return errors.Wrapf(ErrShape, "%s: scale %v, want a positive number", what, scale)
	}
	for i, r := range rois {
		if r.Image < 0 || r.Image >= x.shape[0] {
			return errors.Wrapf(ErrShape, "%s: region %d is of image %d, there are %d", what, i, r.Image, x.shape[0])
		}
		b := r.Box.Scale(scale, scale)
		for _, v := range [4]float32{b.X1, b.Y1, b.X2, b.Y2} {
			if !(v > -maxRoICoordinate && v < maxRoICoordinate) {
				return errors.Wrapf(ErrShape, "%s: region %d is %+v, on the map %+v: want finite coordinates below %d", what, i, r.Box, b, maxRoICoordinate)
			}
		}
	}
	return nil
}

// maxPooled bounds the output's side.
const maxPooled = 4096

// eachRoI calls work for every index below n on several goroutines, each with
// a worker of its own. It stops early when the context ends.
func eachRoI(ctx context.Context, n, threads int, newWorker func() func(i int)) error {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	parallel.Do(threads, n, func(tasks iter.Seq[int]) {
		work := newWorker()
		for i := range tasks {
			if ctx.Err() != nil {
				return
			}
			work(i)
		}
	})
	return errors.WithStack(ctx.Err())
}
