package model

import "github.com/vertebra-vision/vertebra/internal/graph"

// rgb is the channels of the images that published weights are for.
const rgb = 3

// adaptable reports whether a convolution's weights differ from the model's in
// nothing but their three input channels.
func adaptable(from []int, to graph.Shape) bool {
	if len(from) != 4 || len(to) != 4 || from[1] != rgb || to[1] == rgb {
		return false
	}
	return from[0] == to[0] && from[2] == to[2] && from[3] == to[3]
}

// adaptStem makes the weights of a convolution of three input channels those of
// one with another number, as timm's adapt_input_conv does: one is their sum,
// which answers a grey picture as all three did; more or fewer repeat them, times
// 3/channels, so that inputs of the same size give outputs of the same size.
func adaptStem(data []float32, from []int, channels int) []float32 {
	window := from[2] * from[3]
	out := make([]float32, 0, from[0]*channels*window)
	for o := range from[0] {
		filter := data[o*rgb*window : (o+1)*rgb*window]
		if channels == 1 {
			for i := range window {
				out = append(out, filter[i]+filter[window+i]+filter[2*window+i])
			}
			continue
		}
		scale := float32(rgb) / float32(channels)
		for c := range channels {
			for _, v := range filter[c%rgb*window:][:window] {
				out = append(out, v*scale)
			}
		}
	}
	return out
}
