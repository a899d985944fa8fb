package goflow_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inherited is the comment on a line that starts a goroutine which has the right labels already.
const inherited = "// labels: inherited"

// unlabelled reports the goroutines a file starts, by a go statement or by Go of a WaitGroup, that neither
// take the pprof labels of an instance nor say that they inherit them.
func unlabelled(path, text string) ([]string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	said := map[int]bool{} // lines
	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, inherited) {
				said[fset.Position(c.Pos()).Line] = true
			}
		}
	}
	labelling := methodsThatLabel(file)
	var faults []string
	ast.Inspect(file, func(n ast.Node) bool {
		if startsGoroutine(n) && !said[fset.Position(n.Pos()).Line] && !labels(n, labelling) {
			faults = append(faults, fmt.Sprintf("%s: the goroutine has no pprof labels", fset.Position(n.Pos())))
		}
		return true
	})
	return faults, nil
}

// startsGoroutine reports whether n is a go statement or a call of a method Go with a function.
func startsGoroutine(n ast.Node) bool {
	if _, ok := n.(*ast.GoStmt); ok {
		return true
	}
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	_, function := call.Args[0].(*ast.FuncLit)
	return function && called(call) == "Go"
}

// labels reports whether code sets labels, or calls one of the methods that do.
func labels(n ast.Node, methods []string) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			found = found || slices.Contains([]string{"label.Do", "telemetry.Labeled"}, qualified(call)) ||
				slices.Contains(append(methods, "Label"), called(call))
		}
		return !found
	})
	return found
}

// methodsThatLabel are the functions of a file that begin by setting labels for the rest of the goroutine.
func methodsThatLabel(file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil && len(f.Body.List) > 0 && labels(f.Body.List[0], nil) {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

// called is the last word of what is called, and qualified the last two.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

func qualified(call *ast.CallExpr) string {
	if f, ok := call.Fun.(*ast.SelectorExpr); ok {
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// unlabelledRooms are programs, nested modules and what serves tests.
var unlabelledRooms = []string{
	"bench", "examples", "integration", "tools", "internal/redistest", "internal/faultnet", "limit/limittest",
	"core/lease/leasetest", "telemetry/telemetrytest",
}

func TestEveryGoroutineOfTheLibraryIsLabelled(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			slices.ContainsFunc(unlabelledRooms, func(room string) bool { return strings.HasPrefix(path, room+"/") }) {
			return err
		}
		if ok, err := build.Default.MatchFile(filepath.Split(path)); !ok { // of a later Go
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		faults, err := unlabelled(path, string(text))
		for _, f := range faults {
			t.Error(f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnUnlabelledGoroutineIsReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		start string
		want  int
	}{
		"a go statement":                {`go func() { <-done }()`, 1},
		"a go statement of a method":    {`go s.work()`, 1},
		"a WaitGroup":                   {`wg.Go(func() { <-done })`, 1},
		"a method that labels":          {`go s.drive()`, 0},
		"a labelled function":           {`go label.Do(ctx, "pool", "images", work)`, 0},
		"the same for other modules":    {`go telemetry.Labeled(ctx, "pool", "images", work)`, 0},
		"a mark":                        {`wg.Go(func() { s.mark.Label(); <-done })`, 0},
		"labels of who starts it":       {`go s.work() // labels: inherited`, 0},
		"a comment on another line":     {"// labels: inherited\n\n\tgo s.work()", 1},
		"a goroutine within a labelled": {`go label.Do(ctx, "pool", "images", func(context.Context) { go s.work() })`, 1},
		"something else called Go":      {`sched.Go(ctx, pool, f)`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "package p\n\nfunc (s *S) drive() { s.mark.Label(); <-done }\n\nfunc (s *S) Start() {\n\t" + c.start + "\n}\n"
			faults, err := unlabelled("p.go", text)
			if err != nil {
				t.Fatal(err)
			}
			if len(faults) != c.want {
				t.Errorf("got %q, want %d faults", faults, c.want)
			}
		})
	}
}
