//go:build !amd64 || noasm

package kernel

// Without assembly there are no blocked layouts, and nothing calls these.

func tile(tileShape, *tileArgs, int, bool) { panic("kernel: no assembly on this platform") }

func maxPoolRow(ISA, *poolArgs) { panic("kernel: no assembly on this platform") }

func winogradInput(ISA, int, winogradArgs) { panic("kernel: no assembly on this platform") }

func winogradOutput(ISA, int, winogradArgs) { panic("kernel: no assembly on this platform") }
