// Command gen writes the assembly of package jpeg. Run it by `go generate` in
// that package; it is a module of its own so that users of the SDK do not
// depend on the generator.
package main

import (
	"flag"
	"log"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	what := flag.String("what", "", "idct or rows")
	// build.Generate parses the flags: -out and -stubs are its own.
	flag.Parse()
	build.ConstraintExpr("amd64,!noasm")
	switch *what {
	case "idct":
		genTransform()
	case "rows":
		genRows()
	default:
		log.Fatalf("unknown -what %q", *what)
	}
	build.Generate()
}

var y = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

// function begins one that takes the address of its arguments, in RAX.
func function(name string) {
	TEXT(name, NOSPLIT|NOFRAME, "func(a *byte)")
	Pragma("noescape")
	Load(Param("a"), RAX)
}

// arg is a field of the arguments.
func arg(offset int) Mem { return Mem{Base: RAX, Disp: offset} }

// pairs declares a vector of two 16-bit numbers in turns.
func pairs(name string, a, b int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := 0; i < 32; i += 4 {
		DATA(i, U32(uint32(uint16(a))|uint32(uint16(b))<<16))
	}
	return m
}

// doubles declares a vector of one 32-bit number.
func doubles(name string, v int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := 0; i < 32; i += 4 {
		DATA(i, U32(uint32(v)))
	}
	return m
}

// octets declares a vector of two bytes in turns.
func octets(name string, a, b int) Mem {
	return pairs(name, a|b<<8, a|b<<8)
}
