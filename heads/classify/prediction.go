package classify

import "sort"

// Prediction is a class with its probability.
type Prediction struct {
	// Class is the number of the logit, from 0.
	Class int `json:"class"`
	// Label is the class's name, empty where there are no labels.
	Label string `json:"label,omitempty"`
	// Probability is the softmax over all classes, 0 to 1.
	Probability float32 `json:"probability"`
}

// likeliest returns the k largest of a row of probabilities. Equal ones keep
// the order of their classes; NaN comes last.
func likeliest(row []float32, k int, labels []string) []Prediction {
	order := make([]int, len(row))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		x, y := row[order[a]], row[order[b]]
		return x > y || x == x && y != y
	})
	list := make([]Prediction, k)
	for i := range list {
		list[i] = Prediction{Class: order[i], Probability: row[order[i]]}
		if order[i] < len(labels) {
			list[i].Label = labels[order[i]]
		}
	}
	return list
}
