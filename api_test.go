package vertebra_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seams are the exported types that only packages of this module can use,
// because necks and heads are packages of their own and build on the graph.
// Their documentation says so.
var seams = []string{"backbone.Builder", "backbone.Extension"}

// What a user holds can be learnt from its documentation: nothing exported is
// of an internal type, and everything exported is explained.
func TestPublicAPIIsDocumented(t *testing.T) {
	packages := 0
	require.NoError(t, filepath.WalkDir(".", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); name == "internal" || name == "testdata" || name == "examples" || len(name) > 1 && name[0] == '.' {
			return filepath.SkipDir
		}
		files, err := parseFolder(dir)
		if err != nil || len(files) == 0 {
			return err
		}
		packages++
		assert.Empty(t, checkAPI(files), dir)
		return nil
	}))
	assert.Greater(t, packages, 10)
}

// parseFolder parses the Go files of a folder, whatever they are built for,
// without tests.
func parseFolder(dir string) ([]*ast.File, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func TestCheckAPIFindsViolations(t *testing.T) {
	const head = "package p\n\nimport (\n\t\"m/internal/x\"\n\ty \"m/internal/z\"\n\t\"m/public\"\n)\n\n"
	for _, c := range []struct{ name, src, want string }{
		{"alias", "// A is\ntype A = x.T", "p.A: x.T is internal"},
		{"defined on an internal type", "// A is\ntype A x.T", "p.A: x.T is internal"},
		{"renamed import", "// A is\ntype A = y.T", "p.A: y.T is internal"},
		{"through an unexported alias", "// A is\ntype A = a\n\ntype a = []x.T", "p.A: x.T is internal"},
		{"field", "// A is\ntype A struct{ F map[string]*x.T }", "p.A: x.T is internal"},
		{"embedded", "// A is\ntype A struct{ *x.T }", "p.A: x.T is internal"},
		{"embedded unexported struct", "// A is\ntype A struct{ a }\n\ntype a struct{ F x.T }", "p.A: x.T is internal"},
		{"method of an interface", "// A is\ntype A interface{ M(x.T) }", "p.A: x.T is internal"},
		{"constraint", "// A is\ntype A[T x.C] struct{}", "p.A: x.C is internal"},
		{"function type", "// A is\ntype A func(...x.T)", "p.A: x.T is internal"},
		{"argument", "// F does\nfunc F(t x.T) {}", "p.F: x.T is internal"},
		{"result", "// F does\nfunc F() (chan x.T, error) { return nil, nil }", "p.F: x.T is internal"},
		{"generic argument", "// F does\nfunc F() public.G[x.T] { return nil }", "p.F: x.T is internal"},
		{"method", "// A is\ntype A struct{}\n\n// M does\nfunc (A) M(x.T) {}", "p.A.M: x.T is internal"},
		{"variable", "// V is\nvar V []x.T", "p.V: x.T is internal"},
		{"inferred variable", "// V is\nvar V = x.F()", "p.V: its type comes from x.F, which is internal: write it down"},
		{"constant", "// C is\nconst C x.T = 1", "p.C: x.T is internal"},
		{"no comment", "type A struct{}", "p.A: no comment"},
		{"function without a comment", "func F() {}", "p.F: no comment"},
		{"method without a comment", "// A is\ntype A struct{}\n\nfunc (*A) M() {}", "p.A.M: no comment"},
		{"constant without a comment", "const C = 1", "p.C: no comment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := parser.ParseFile(token.NewFileSet(), "p.go", head+c.src, parser.ParseComments)
			require.NoError(t, err)
			assert.Equal(t, []string{c.want}, checkAPI([]*ast.File{f}))
		})
	}
	for _, src := range []string{
		"type a = x.T",
		"func f(x.T) {}",
		"// A is\ntype A struct{ f x.T }\n\nfunc (A) m(x.T) {}",
		"type a struct{}\n\nfunc (a) M(x.T) {}",
		"// A is\ntype A = public.T",
		"// A is\ntype A func(*a)\n\ntype a struct{ F x.T }",
		"// Errors are\nvar (\n\tErrA = x.ErrA\n\tErrB = x.ErrB\n)",
		"// C are\nconst (\n\tC = x.C\n\tD = C + 1\n)",
		"// V is\nvar V int = x.F()",
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "p.go", head+src, parser.ParseComments)
		require.NoError(t, err)
		assert.Empty(t, checkAPI([]*ast.File{f}), src)
	}
}

// apiCheck looks at the exported declarations of one package.
type apiCheck struct {
	name     string
	internal map[string]bool          // what files call the internal packages that they import
	types    map[string]*ast.TypeSpec // all of the package's
	problems []string
}

// checkAPI lists what is wrong with a package's exported names, sorted.
func checkAPI(files []*ast.File) []string {
	c := &apiCheck{name: files[0].Name.Name, internal: map[string]bool{}, types: map[string]*ast.TypeSpec{}}
	for _, f := range files {
		c.collect(f)
	}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				c.function(d)
			case *ast.GenDecl:
				c.general(d)
			}
		}
	}
	slices.Sort(c.problems)
	return slices.Compact(c.problems)
}

func (c *apiCheck) collect(f *ast.File) {
	for _, spec := range f.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		if !strings.Contains("/"+path+"/", "/internal/") {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		c.internal[name] = true
	}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok {
			for _, spec := range g.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok {
					c.types[t.Name.Name] = t
				}
			}
		}
	}
}

func (c *apiCheck) problem(name, format string, args ...any) {
	if !slices.Contains(seams, c.name+"."+strings.Split(name, ".")[0]) {
		c.problems = append(c.problems, c.name+"."+name+": "+fmt.Sprintf(format, args...))
	}
}

func (c *apiCheck) commented(name string, comments ...*ast.CommentGroup) {
	if !slices.ContainsFunc(comments, func(g *ast.CommentGroup) bool { return g.Text() != "" }) {
		c.problem(name, "no comment")
	}
}

func (c *apiCheck) function(d *ast.FuncDecl) {
	name := d.Name.Name
	if d.Recv != nil {
		receiver := receiverName(d.Recv.List[0].Type)
		if !ast.IsExported(receiver) {
			return
		}
		name = receiver + "." + name
	}
	if d.Name.IsExported() {
		c.commented(name, d.Doc)
		c.public(name, d.Type, nil)
	}
}

func receiverName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiverName(e.X)
	case *ast.IndexExpr:
		return receiverName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (c *apiCheck) general(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() {
				c.commented(s.Name.Name, d.Doc, s.Doc, s.Comment)
				c.typeSpec(s.Name.Name, s, nil)
			}
		case *ast.ValueSpec:
			for i, name := range s.Names {
				if name.IsExported() {
					c.commented(name.Name, d.Doc, s.Doc, s.Comment)
					c.value(d.Tok, s, i)
				}
			}
		}
	}
}

func (c *apiCheck) typeSpec(name string, s *ast.TypeSpec, within []string) {
	if s.TypeParams != nil {
		c.public(name, s.TypeParams, within)
	}
	c.public(name, s.Type, within)
}

// value checks a variable or constant. What is called an error is one: the
// sentinels of lower packages are public under the names of upper ones.
func (c *apiCheck) value(kind token.Token, s *ast.ValueSpec, i int) {
	name := s.Names[i].Name
	if s.Type != nil {
		c.public(name, s.Type, nil)
		return
	}
	if kind == token.CONST || strings.HasPrefix(name, "Err") || i >= len(s.Values) {
		return
	}
	ast.Inspect(s.Values[i], func(n ast.Node) bool {
		if e, ok := n.(*ast.SelectorExpr); ok && c.isInternal(e) {
			c.problem(name, "its type comes from %s.%s, which is internal: write it down", e.X, e.Sel)
		}
		return true
	})
}

func (c *apiCheck) isInternal(e *ast.SelectorExpr) bool {
	id, ok := e.X.(*ast.Ident)
	return ok && c.internal[id.Name]
}

// public reports internal types in what a reader of the documentation sees of
// a type: exported fields, methods, elements, arguments. It follows aliases
// and embedded structs that are not exported; within are those it came from.
func (c *apiCheck) public(name string, n ast.Node, within []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if c.isInternal(n) {
				c.problem(name, "%s.%s is internal", n.X, n.Sel)
			}
			return false
		case *ast.StructType:
			c.fields(name, n, within)
			return false
		case *ast.Ident:
			if s := c.types[n.Name]; s != nil && s.Assign.IsValid() {
				c.follow(name, n.Name, within)
			}
		}
		return true
	})
}

func (c *apiCheck) fields(name string, s *ast.StructType, within []string) {
	for _, f := range s.Fields.List {
		switch {
		case len(f.Names) == 0:
			c.public(name, f.Type, within)
			c.follow(name, receiverName(f.Type), within)
		case slices.ContainsFunc(f.Names, (*ast.Ident).IsExported):
			c.public(name, f.Type, within)
		}
	}
}

// follow looks into a type of the package that is not exported.
func (c *apiCheck) follow(name, typeName string, within []string) {
	s := c.types[typeName]
	if s != nil && !ast.IsExported(typeName) && !slices.Contains(within, typeName) {
		c.typeSpec(name, s, append(within, typeName))
	}
}
