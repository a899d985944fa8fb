package goflow_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// undocumented reports the packages without a package comment and, of those users import, the exported
// names and the exported fields of configs without a doc comment. The keys of sources are paths.
func undocumented(sources map[string]string) ([]string, error) {
	var faults []string
	fset := token.NewFileSet()
	commented := map[string]bool{} // by folder
	for path, text := range sources {
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		dir := filepath.Dir(path)
		commented[dir] = commented[dir] || file.Doc != nil
		if file.Name.Name == "main" || slices.Contains(strings.Split(dir, string(filepath.Separator)), "internal") {
			continue
		}
		for _, id := range undocumentedIn(file) {
			faults = append(faults, fmt.Sprintf("%s: %s has no doc comment", fset.Position(id.Pos()), id.Name))
		}
	}
	for dir, ok := range commented {
		if !ok {
			faults = append(faults, dir+": the package has no package comment")
		}
	}
	slices.Sort(faults)
	return faults, nil
}

// undocumentedIn lists the exported names of a file that have no doc comment.
func undocumentedIn(file *ast.File) []*ast.Ident {
	var bare []*ast.Ident
	want := func(id *ast.Ident, comments ...*ast.CommentGroup) {
		if id.IsExported() && !slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c != nil }) {
			bare = append(bare, id)
		}
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if r := receiver(d); r == nil || r.IsExported() {
				want(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					for _, id := range s.Names {
						want(id, s.Doc, s.Comment, d.Doc)
					}
				case *ast.TypeSpec:
					want(s.Name, s.Doc, s.Comment, d.Doc)
					for _, f := range configFields(s) {
						for _, id := range f.Names {
							want(id, f.Doc, f.Comment)
						}
					}
				}
			}
		}
	}
	return bare
}

// receiver names the type a method belongs to; nil for functions.
func receiver(d *ast.FuncDecl) *ast.Ident {
	if d.Recv == nil {
		return nil
	}
	t := d.Recv.List[0].Type
	for {
		switch u := t.(type) {
		case *ast.StarExpr:
			t = u.X
		case *ast.IndexExpr:
			t = u.X
		case *ast.IndexListExpr:
			t = u.X
		default:
			id, _ := t.(*ast.Ident)
			return id
		}
	}
}

// configFields lists the fields of an exported struct that users fill in: one called Config.
func configFields(s *ast.TypeSpec) []*ast.Field {
	body, ok := s.Type.(*ast.StructType)
	if !ok || !s.Name.IsExported() || !strings.HasSuffix(s.Name.Name, "Config") {
		return nil
	}
	return body.Fields.List
}

// repository reads the files with one of the endings, those of nested modules too.
func repository(t *testing.T, endings ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() && slices.Contains(endings, filepath.Ext(name)) {
			text, err := os.ReadFile(path)
			files[path] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	t.Parallel()
	sources := repository(t, ".go")
	for path := range sources {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_go127.go") { // which Go 1.26 cannot parse
			delete(sources, path)
		}
	}
	faults, err := undocumented(sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

func TestUndocumentedNamesAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, source, want string }{
		{"a package", "limit/a.go", "package limit", "limit: the package"},
		{"a command", "cmd/a.go", "package main", "cmd: the package"},
		{"a function", "limit/a.go", "// Package limit.\npackage limit\nfunc New() {}", "a.go:3:6: New"},
		{"a type", "limit/a.go", "// Package limit.\npackage limit\ntype Bucket int", "Bucket"},
		{"a method of a generic type", "limit/a.go", "// Package limit.\npackage limit\nfunc (k *keyed[K]) Take() {}\nfunc (k *Keyed[K]) Take() {}", "a.go:4:20: Take"},
		{"a constant", "limit/a.go", "// Package limit.\npackage limit\nconst (\n\ta = 1\n\tB = 2\n)", "B"},
		{"a variable", "limit/a.go", "// Package limit.\npackage limit\nvar ErrX error", "ErrX"},
		{"a field of a config", "limit/a.go", "// Package limit.\npackage limit\n\n// Config configures.\ntype Config struct{\n\tRate int // per second\n\tBurst int\n}", "Burst"},
	} {
		faults, err := undocumented(map[string]string{c.path: c.source})
		if err != nil || len(faults) != 1 || !strings.Contains(faults[0], c.want) {
			t.Errorf("%s: got %q, error %v, want one fault that says %q", c.name, faults, err, c.want)
		}
	}
}

func TestDocumentedNamesAreLetBe(t *testing.T) {
	t.Parallel()
	faults, err := undocumented(map[string]string{
		"limit/doc.go": "// Package limit limits.\npackage limit",
		"limit/a.go": `package limit

// Config configures.
type Config struct{ rate int }

// Point is no config.
type Point struct{ X, Y int }

// The outcomes.
const (
	Allowed = iota
	Denied
)

var ErrA, ErrB error // say no

func helper() {}
`,
		"internal/clock/a.go": "// Package clock tells the time.\npackage clock\nfunc Now() {}",
		"cmd/main.go":         "// Cmd runs.\npackage main\nfunc Run() {}",
	})
	if err != nil || len(faults) != 0 {
		t.Errorf("got %q, error %v, want no faults", faults, err)
	}
}
