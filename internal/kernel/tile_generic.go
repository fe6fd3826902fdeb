//go:build !amd64 || noasm

package kernel

// Without assembly there are no blocked layouts, and nothing calls these.

func tiles(tileShape, *tileArgs, tileRun, bool) { panic("kernel: no assembly on this platform") }

func maxPoolRow(ISA, *poolArgs) { panic("kernel: no assembly on this platform") }

func winogradInput(ISA, int, winogradArgs) { panic("kernel: no assembly on this platform") }

func winogradOutput(ISA, int, winogradArgs) { panic("kernel: no assembly on this platform") }

func stemColumns(ISA, *stemArgs) { panic("kernel: no assembly on this platform") }

func stemPixels(*stemArgs) { panic("kernel: no assembly on this platform") }

func stemRow(ISA, *stemArgs) { panic("kernel: no assembly on this platform") }

func stemProducts(ISA, *stemProductArgs) { panic("kernel: no assembly on this platform") }

func stemOutput(ISA, *stemOutputArgs) { panic("kernel: no assembly on this platform") }

func mapRow(ISA, *mapArgs) { panic("kernel: no assembly on this platform") }

func blendRow(ISA, *blendArgs) { panic("kernel: no assembly on this platform") }

func momentsRow(ISA, *momentArgs) { panic("kernel: no assembly on this platform") }

func transpose(*transposeArgs) { panic("kernel: no assembly on this platform") }

func (strassenInput) transform(ISA) { panic("kernel: no assembly on this platform") }

func (strassenOutput) transform(ISA) { panic("kernel: no assembly on this platform") }
