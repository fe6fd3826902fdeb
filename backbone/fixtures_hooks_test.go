package backbone_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/internal/reftest/nets"
	"github.com/vertebra-vision/vertebra/ops"
)

// fixtureHook is a hook of hooks.json: on a module's output or, with Pre, its
// input. It replaces what it sees by x·Scale+Add, or by x within the bounds of
// Clamp, or not at all.
type fixtureHook struct {
	On         string
	Pre        bool
	Scale, Add float32
	Clamp      *[2]float32
}

// replacement is nil where the hook only observes.
func (h *fixtureHook) replacement(x *ops.Tensor) *ops.Tensor {
	if h.Scale == 0 && h.Clamp == nil {
		return nil
	}
	y := x.Clone()
	for i, v := range y.Data() {
		if h.Clamp != nil {
			y.Data()[i] = min(max(v, h.Clamp[0]), h.Clamp[1])
		} else {
			y.Data()[i] = v*h.Scale + h.Add
		}
	}
	return y
}

// TestHookFixtures compares what hooks see with what PyTorch's see at the same
// modules, call by call and in the same order, while some of them replace
// what follows.
func TestHookFixtures(t *testing.T) {
	var worst reftest.Worst
	for _, c := range readCases(t, "hooks.json") {
		t.Run(c.Name, func(t *testing.T) {
			net, err := backbone.New(c.config(t))
			require.NoError(t, err)
			nets.Fill(t, net)
			want := c.fixture(t)
			recorder := &hookRecorder{t: t, want: want, name: c.Name, worst: &worst}
			for i := range c.Hooks {
				recorder.register(net, &c.Hooks[i])
			}
			result, err := net.Forward(context.Background(), c.input(t))
			require.NoError(t, err)
			worst.Add(c.Name+" result", want.Check(t, "result", result.Shape(), result.Data()))
			assert.Equal(t, append(recorder.seen, "result"), want.Names(), "calls, in order")
		})
	}
	t.Log(&worst)
}

// hookRecorder holds each call of a hook to the fixture's call of the same
// number.
type hookRecorder struct {
	t     *testing.T
	want  *reftest.Fixture
	name  string
	worst *reftest.Worst
	seen  []string
}

func (r *hookRecorder) register(net *backbone.Network, h *fixtureHook) {
	kind, register := "output", net.Hook
	if h.Pre {
		kind, register = "input", net.PreHook
	}
	node, calls := h.On, 0
	_, err := register(h.On, func(_ context.Context, a *backbone.Activation) error {
		assert.Equal(r.t, h.On, a.Name)
		assert.Equal(r.t, node, a.Node)
		calls++
		node = fmt.Sprintf("%s_%d", h.On, calls)
		call := fmt.Sprintf("%02d %s %s", len(r.seen), kind, a.Name)
		r.seen = append(r.seen, call)
		r.worst.Add(r.name+" "+call, r.want.Check(r.t, call, a.Tensor.Shape(), a.Tensor.Data()))
		if y := h.replacement(a.Tensor); y != nil {
			return a.Replace(y)
		}
		return nil
	})
	require.NoError(r.t, err)
}
