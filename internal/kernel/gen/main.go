// Command gen writes the assembly of package kernel. Run it by `go generate`
// in that package; it is a module of its own so that users of the SDK do not
// depend on the generator.
package main

import (
	"flag"
	"log"

	"github.com/mmcloughlin/avo/build"
)

func main() {
	what := flag.String("what", "", "conv, pool, winograd, stem, strassen, rows or peak, each with 512 or 256, or groups256, softmax256 or dot256")
	// build.Generate parses the flags: -out and -stubs are its own.
	flag.Parse()
	build.ConstraintExpr("amd64,!noasm")
	switch *what {
	case "conv512":
		genConv512()
	case "conv256":
		genConv256()
	case "groups256":
		genGroups256()
	case "pool512":
		genPool512()
	case "pool256":
		genPool256()
	case "winograd512":
		genWinograd(lanes512)
	case "winograd256":
		genWinograd(lanes256)
	case "stem512":
		genStem(lanes512)
	case "stem256":
		genStem(lanes256)
	case "strassen512":
		genStrassen(lanes512)
	case "strassen256":
		genStrassen(lanes256)
	case "rows512":
		genRows(lanes512)
	case "rows256":
		genRows(lanes256)
		genTranspose()
	case "softmax256":
		genSoftmax()
	case "dot256":
		genDot()
	case "peak512":
		genPeak(lanes512)
	case "peak256":
		genPeak(lanes256)
	default:
		log.Fatalf("unknown -what %q", *what)
	}
	build.Generate()
}
