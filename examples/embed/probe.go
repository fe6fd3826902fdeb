package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// holdOut is how many images there are for each that is not trained on.
const holdOut = 5

// probe fits softmax regression on the vectors, and prints its error on every
// fifth image, which it has not seen.
func (s *collection) probe(ctx context.Context) error {
	labels := slices.Compact(slices.Sorted(slices.Values(s.classes)))
	if len(labels) < 2 {
		return errors.New("-probe wants images as CLASS/IMAGE, of two classes at least")
	}
	var train, test examples
	train.width, test.width = s.width+1, s.width+1
	seen := map[string]int{}
	for i, class := range s.classes {
		set := &train
		if seen[class]++; seen[class]%holdOut == 0 {
			set = &test
		}
		set.add(s.row(i), slices.Index(labels, class))
	}
	if len(train.classes) == 0 || len(test.classes) == 0 {
		return errors.New("-probe wants five images of a class at least")
	}
	w, err := train.fit(ctx, len(labels))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "linear probe of %d classes: error %.2f %% on the %d images trained on, %.2f %% on %d others\n", len(labels),
		100*train.error(w, len(labels)), len(train.classes), 100*test.error(w, len(labels)), len(test.classes))
	return nil
}

// examples are vectors, with a 1 at the end for the bias, and classes.
type examples struct {
	x       []float64
	width   int
	classes []int
}

func (e *examples) add(row []float32, class int) {
	// Vectors have length 1; longer ones suit the regularisation below.
	scale := math.Sqrt(float64(len(row)))
	for _, v := range row {
		e.x = append(e.x, scale*float64(v))
	}
	e.x = append(e.x, 1)
	e.classes = append(e.classes, class)
}

func general(data []float64, rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: data}
}

// probabilities are the softmax of x·wᵀ, a row for each example.
func (e *examples) probabilities(w []float64, classes int) []float64 {
	n := len(e.classes)
	p := make([]float64, n*classes)
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, general(e.x, n, e.width), general(w, classes, e.width), 0, general(p, n, classes))
	for i := range n {
		row := p[i*classes : (i+1)*classes]
		logSum := floats.LogSumExp(row)
		for j := range row {
			row[j] = math.Exp(row[j] - logSum)
		}
	}
	return p
}

// decay is the weight of half the squared length of the weights.
const decay = 1e-3

// fit minimises the cross-entropy with L-BFGS.
func (e *examples) fit(ctx context.Context, classes int) ([]float64, error) {
	n := float64(len(e.classes))
	problem := optimize.Problem{
		Status: func() (optimize.Status, error) {
			if err := ctx.Err(); err != nil {
				return optimize.Failure, err
			}
			return optimize.NotTerminated, nil
		},
		Func: func(w []float64) float64 {
			p := e.probabilities(w, classes)
			loss := decay / 2 * floats.Dot(w, w)
			for i, c := range e.classes {
				loss -= math.Log(max(p[i*classes+c], 1e-300)) / n
			}
			return loss
		},
		Grad: func(grad, w []float64) {
			p := e.probabilities(w, classes)
			for i, c := range e.classes {
				p[i*classes+c]--
			}
			copy(grad, w)
			blas64.Gemm(blas.Trans, blas.NoTrans, 1/n, general(p, len(e.classes), classes), general(e.x, len(e.classes), e.width), decay, general(grad, classes, e.width))
		},
	}
	settings := &optimize.Settings{MajorIterations: 200, GradientThreshold: 1e-4}
	result, err := optimize.Minimize(problem, make([]float64, classes*e.width), settings, &optimize.LBFGS{})
	if err != nil {
		return nil, err
	}
	return result.X, nil
}

// error is the share of examples whose likeliest class is not theirs.
func (e *examples) error(w []float64, classes int) float64 {
	p, wrong := e.probabilities(w, classes), 0
	for i, c := range e.classes {
		if floats.MaxIdx(p[i*classes:(i+1)*classes]) != c {
			wrong++
		}
	}
	return float64(wrong) / float64(len(e.classes))
}
