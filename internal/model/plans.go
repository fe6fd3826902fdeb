package model

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
)

// maxPlans bounds the plans a model keeps by default: each may hold idle arenas.
const maxPlans = 8

// planCache keeps the plans used last.
type planCache struct {
	mu      sync.Mutex
	entries []*planEntry // the one used last comes last
}

// planEntry is a plan being made or made. Callers that want the same one wait
// for the first to make it.
type planEntry struct {
	key  string
	once sync.Once
	made atomic.Pointer[engine.Plan]
	err  error
}

func (c *planCache) get(most int, key string, compile func() (*engine.Plan, error)) (*engine.Plan, error) {
	e := c.entry(most, key)
	e.once.Do(func() {
		plan, err := compile()
		e.made.Store(plan)
		e.err = err
	})
	if e.err != nil {
		c.drop(e)
	}
	return e.made.Load(), e.err
}

// entry finds or makes an entry and marks it as used last.
func (c *planCache) entry(most int, key string) *planEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range c.entries {
		if e.key == key {
			c.entries = append(append(c.entries[:i:i], c.entries[i+1:]...), e)
			return e
		}
	}
	if len(c.entries) >= most {
		c.entries = c.entries[1:]
	}
	e := &planEntry{key: key}
	c.entries = append(c.entries[:len(c.entries):len(c.entries)], e)
	return e
}

// idle is how many plans there are, and the bytes of the arenas that their runs
// gave back.
func (c *planCache) idle() (plans int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		if p := e.made.Load(); p != nil {
			plans++
			bytes += p.IdleBytes()
		}
	}
	return plans, bytes
}

// clear lets go of every plan.
func (c *planCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = nil
}

func (c *planCache) drop(gone *planEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range c.entries {
		if e == gone {
			c.entries = append(c.entries[:i:i], c.entries[i+1:]...)
			return
		}
	}
}

// planKey identifies a plan of one model. tuning is the generation of what was
// measured.
func planKey(input graph.Shape, nodes []*graph.Node, hooks string, tuning int64) string {
	var b strings.Builder
	b.WriteString(strconv.FormatInt(tuning, 10))
	b.WriteByte(':')
	for _, d := range input {
		b.WriteString(strconv.Itoa(d))
		b.WriteByte('x')
	}
	for _, n := range nodes {
		b.WriteByte(' ')
		b.WriteString(n.Name)
	}
	b.WriteByte('|')
	b.WriteString(hooks)
	return b.String()
}
