package kernel

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A routine is found for its instruction set or the largest below that has it;
// portable Go serves where there is none.
func TestFind(t *testing.T) {
	code := func(*byte) {}
	table := Routines{
		{Name: "both", ISA: AVX512, Code: code}, {Name: "both", ISA: AVX2, Code: code},
		{Name: "small", ISA: AVX2, Code: code}, {Name: "large", ISA: AVX512, Code: code},
	}
	for _, c := range []struct {
		name      string
		with, isa ISA
		found     bool
	}{
		{"both", AVX512, AVX512, true}, {"both", AVX2, AVX2, true}, {"both", Generic, Generic, false},
		{"small", AVX512, AVX2, true}, {"small", AVX2, AVX2, true}, {"small", Generic, Generic, false},
		{"large", AVX512, AVX512, true}, {"large", AVX2, Generic, false}, {"none", AVX512, Generic, false},
	} {
		r := table.Find(c.name, c.with)
		assert.Equal(t, c.isa, r.ISA, "%s for %v", c.name, c.with)
		assert.Equal(t, c.found, r.Code != nil, "%s for %v", c.name, c.with)
	}
	assert.Equal(t, "generic", Routine{}.ISA.String(), "what plans print where portable Go serves")
}

// The arguments of a call through a variable stay on the stack.
func TestCallAllocatesNothing(t *testing.T) {
	var sum byte
	code := func(args *byte) { sum += *args }
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		args := struct{ first, second int }{7, 8}
		Call(code, &args)
	}))
	assert.NotZero(t, sum)
}

func TestUse(t *testing.T) {
	defer func(active ISA) { require.NoError(t, Use(active)) }(Active())
	for isa := Generic; isa <= AVX512; isa++ {
		if isa <= Best() {
			require.NoError(t, Use(isa))
			assert.Equal(t, isa, Active())
		} else {
			assert.ErrorContains(t, Use(isa), isa.String())
		}
		if Pretend(isa) {
			assert.Equal(t, isa, Active())
		} else {
			assert.Greater(t, isa, Best())
		}
	}
}
