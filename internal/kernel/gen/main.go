// Command gen writes the assembly of the kernels' rooms. Run it by `go generate`
// in a room; it is a module of its own so that users of the SDK do not depend
// on the generator. Its packages are the rooms', and asm is what they share.
package main

import (
	"flag"
	"log"

	"github.com/mmcloughlin/avo/build"

	"github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/jpeg"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/peak"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/pool"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/reorder"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/rows"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/softmax"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/stem"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/strassen"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/tile"
	"github.com/vertebra-vision/vertebra/internal/kernel/gen/winograd"
)

// generators are what there is to write, for an instruction set's lanes.
var generators = map[string]func(asm.Lanes){
	"conv":     tile.Conv,
	"idct":     jpeg.Transform,
	"jpegrows": jpeg.Rows,
	"groups":   tile.Groups,
	"peak":     peak.Write,
	"pool":     pool.Write,
	"reorder":  reorder.Write,
	"rows":     rows.Write,
	"softmax":  softmax.Write,
	"stem":     stem.Write,
	"strassen": strassen.Write,
	"winograd": winograd.Write,
}

var lanes = map[string]asm.Lanes{"avx2": asm.AVX2, "avx512": asm.AVX512}

func main() {
	what := flag.String("what", "", "what to write: conv, pool, winograd …")
	isa := flag.String("isa", "", "avx2 or avx512")
	// build.Generate parses the flags: -out and -stubs are its own.
	flag.Parse()
	generate, l := generators[*what], lanes[*isa]
	if generate == nil || l.R == nil {
		log.Fatalf("nothing to write for -what %q -isa %q", *what, *isa)
	}
	build.ConstraintExpr("amd64,!noasm")
	generate(l)
	build.Generate()
}
