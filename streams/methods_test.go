package streams_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const methodsFile = "methods_go127.go"

// method is the head of a method with type parameters, up to them.
var method = regexp.MustCompile(`(?m)^func \(s Stream\[T\]\) (\w+)\[`)

// functions makes functions of the methods in a source that only Go 1.27 can read, so that any can:
// func (s S[T]) Map[U any](f F) becomes func asMap[T any, U any](s S[T], f F).
func functions(source string) string {
	source = strings.Replace(source, "//go:build go1.27", "", 1)
	var out strings.Builder
	for {
		at := method.FindStringSubmatchIndex(source)
		if at == nil {
			out.WriteString(source)
			return out.String()
		}
		name, rest := source[at[2]:at[3]], source[at[1]:]
		end := closing(rest)
		out.WriteString(source[:at[0]] + "func as" + name + "[T any, " + rest[:end] + "](s Stream[T], ")
		source = strings.TrimPrefix(rest[end:], "](")
	}
}

// closing is where the bracket is closed that was opened before text.
func closing(text string) int {
	depth := 1
	return strings.IndexFunc(text, func(r rune) bool {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		}
		return depth == 0
	})
}

// parsed is the methods as functions.
func parsed(t *testing.T) (source string, file *ast.File) {
	t.Helper()
	text, err := os.ReadFile(methodsFile)
	if err != nil {
		t.Fatal(err)
	}
	source = functions(string(text))
	if file, err = parser.ParseFile(token.NewFileSet(), methodsFile, source, parser.ParseComments); err != nil {
		t.Fatal(err)
	}
	return source, file
}

func TestTheMethodsForGo127CompileAsFunctions(t *testing.T) {
	t.Parallel()
	source, _ := parsed(t)
	dir := t.TempDir()
	asFunctions, overlay := filepath.Join(dir, "functions.go"), filepath.Join(dir, "overlay.json")
	at, err := filepath.Abs("functions_of_methods.go") // which is there for the compiler only
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {at: asFunctions}})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{asFunctions: source, overlay: string(replace)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay="+overlay, ".").CombinedOutput(); err != nil {
		t.Errorf("the methods as functions do not compile: %v\n%s\n%s", err, out, source)
	}
}

func TestEveryMethodForGo127IsDocumentedAndForwards(t *testing.T) {
	t.Parallel()
	_, file := parsed(t)
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name, isMethod := strings.CutPrefix(f.Name.Name, "as")
		if !isMethod || f.Doc == nil || !strings.HasPrefix(f.Doc.Text(), name+" is the function ["+name+"] as a method.") {
			t.Errorf("%s does not say that it is the function as a method", f.Name.Name)
		}
		forwards := false
		if len(f.Body.List) == 1 {
			if r, ok := f.Body.List[0].(*ast.ReturnStmt); ok && len(r.Results) == 1 {
				_, forwards = r.Results[0].(*ast.CallExpr)
			}
		}
		if !forwards {
			t.Errorf("%s does more than to call the function", name)
		}
	}
}

// TestEveryFunctionOfAStreamIsAMethodForGo127 finds what was forgotten: functions that take a Stream[T] first, or
// after a context, and have other type parameters.
func TestEveryFunctionOfAStreamIsAMethodForGo127(t *testing.T) {
	t.Parallel()
	dataFirst := regexp.MustCompile(`(?m)^func ([A-Z]\w*)\[T(?:, \w+)* any(?:, \w+ \w+)?\]\((?:ctx context.Context, )?[sa] Stream\[T\]`)
	want := map[string]bool{}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range dataFirst.FindAllStringSubmatch(string(text), -1) {
			want[found[1]] = true
		}
	}
	delete(want, "Broadcast") // has no type parameter of its own
	delete(want, "Partition")
	_, file := parsed(t)
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			delete(want, strings.TrimPrefix(f.Name.Name, "as"))
		}
	}
	if len(want) > 0 {
		t.Errorf("%s has no methods for %v", methodsFile, want)
	}
}

func TestMethodsBecomeFunctions(t *testing.T) {
	t.Parallel()
	got := functions("//go:build go1.27\nfunc (s Stream[T]) Batch[B interface{ []T }](n int) Stream[B] {\n}\n")
	if want := "\nfunc asBatch[T any, B interface{ []T }](s Stream[T], n int) Stream[B] {\n}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
