package goflow_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a Markdown file.
type block struct {
	line  int // of its opening fence
	lang  string
	lines []string
}

func fencedBlocks(markdown string) []block {
	var blocks []block
	open := false
	for i, line := range strings.Split(markdown, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open:
			open = false
		case isFence:
			open = true
			blocks = append(blocks, block{line: i + 1, lang: fence})
		case open:
			b := &blocks[len(blocks)-1]
			b.lines = append(b.lines, line)
		}
	}
	return blocks
}

// uncompiled reports the Go blocks of Markdown files that are not code of this repository: a whole
// file when they start with "package", a run of lines of one, but for leading indentation, otherwise.
func uncompiled(markdown, code map[string]string) []string {
	trimmed := make([][]string, 0, len(code))
	for _, text := range code {
		trimmed = append(trimmed, trimLines(strings.Split(strings.TrimSpace(text), "\n")))
	}
	var faults []string
	for _, path := range slices.Sorted(maps.Keys(markdown)) {
		for _, b := range fencedBlocks(markdown[path]) {
			if b.lang != "go" {
				continue
			}
			lines := trimLines(b.lines)
			whole := len(lines) > 0 && strings.HasPrefix(lines[0], "package ")
			found := slices.ContainsFunc(trimmed, func(file []string) bool {
				if whole {
					return slices.Equal(file, lines)
				}
				return containsRun(file, lines)
			})
			if !found {
				faults = append(faults, fmt.Sprintf("%s:%d: this Go code stands in no .go file of the repository, so no one compiles it", path, b.line))
			}
		}
	}
	return faults
}

func trimLines(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.TrimLeft(line, " \t")
	}
	return out
}

func containsRun(file, run []string) bool {
	for i := range len(file) - len(run) + 1 {
		if len(run) > 0 && slices.Equal(file[i:i+len(run)], run) {
			return true
		}
	}
	return false
}

// commandUnder is the single line of the first fenced block after a heading, or "".
func commandUnder(markdown, heading string) string {
	_, after, ok := strings.Cut(markdown, "\n## "+heading+"\n")
	if !ok {
		return ""
	}
	section, _, _ := strings.Cut(after, "\n## ")
	for _, b := range fencedBlocks(section) {
		return strings.Join(b.lines, "\n")
	}
	return ""
}

// target is what a Makefile says to one target: what comes before it, and its only command.
func target(makefile, name string) (before, command string) {
	m := regexp.MustCompile(`(?m)^` + name + `:([^#\n]*).*(?:\n\t@?(.*))?`).FindStringSubmatch(makefile)
	if m == nil {
		return "", ""
	}
	return strings.TrimSpace(m[1]), m[2]
}

func TestGoInMarkdownIsCompiledCode(t *testing.T) {
	t.Parallel()
	for _, fault := range uncompiled(repository(t, ".md"), repository(t, ".go")) {
		t.Error(fault)
	}
}

func TestReadmeCommandsAreWhatCIRuns(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	readme, makefile, ci := read("README.md"), read("Makefile"), read(".ci/run")
	for heading, name := range map[string]string{"Run the gateway": "demo", "Run the tests": "race"} {
		_, command := target(makefile, name)
		if got := commandUnder(readme, heading); got == "" || got != command {
			t.Errorf("README.md says %q under %q, make %s runs %q", got, heading, name, command)
		}
	}
	if before, _ := target(makefile, "check"); !slices.Contains(strings.Fields(before), "race") {
		t.Errorf("make check makes %q first, without race", before)
	}
	if !slices.Contains(strings.Split(ci, "\n"), "make check") {
		t.Error(".ci/run has no line `make check`")
	}
}

func TestUncompiledBlocksAreFound(t *testing.T) {
	t.Parallel()
	code := map[string]string{"a/a.go": "package a\n\nfunc F() {\n\tg(1)\n\n\tif ok {\n\t\tg(2)\n\t}\n}\n"}
	for _, c := range []struct {
		name, markdown string
		faults         int
	}{
		{"a run of lines", "```go\ng(1)\n\nif ok {\n\tg(2)\n}\n```", 0},
		{"a whole file", "```go\npackage a\n\nfunc F() {\n\tg(1)\n\n\tif ok {\n\t\tg(2)\n\t}\n}\n```", 0},
		{"another language", "```sh\ng(3)\n```", 0},
		{"lines that are not there", "text\n```go\ng(3)\n```", 1},
		{"lines in another order", "```go\nif ok {\ng(1)\n```", 1},
		{"a part of a line", "```go\ng(1\n```", 1},
		{"a part of a file that claims to be whole", "```go\npackage a\n\nfunc F() {\n```", 1},
		{"nothing", "```go\n```", 1},
		{"more lines than any file has", "```go" + strings.Repeat("\ng(1)", 50) + "\n```", 1},
		{"one of two", "```go\ng(1)\n```\n\n```go\ng(4)\n```", 1},
	} {
		if got := uncompiled(map[string]string{"x.md": c.markdown}, code); len(got) != c.faults {
			t.Errorf("%s: got %q, want %d faults", c.name, got, c.faults)
		}
	}
}

func TestCommandsAreReadFromMarkdownAndMakefile(t *testing.T) {
	t.Parallel()
	readme := "# A\n\n## One\n\ntext\n\n## Two\n\n```sh\nmake it\n```\n"
	if got := commandUnder(readme, "Two"); got != "make it" {
		t.Errorf("under Two: got %q", got)
	}
	for _, heading := range []string{"One", "Three"} {
		if got := commandUnder(readme, heading); got != "" {
			t.Errorf("under %s: got %q, want nothing", heading, got)
		}
	}
	makefile := "all: one two ## everything\n\none: ## the first\n\t@echo 1\n\ntwo:\n\techo 2\n"
	for name, want := range map[string][2]string{"all": {"one two", ""}, "one": {"", "echo 1"}, "two": {"", "echo 2"}, "three": {"", ""}} {
		if before, command := target(makefile, name); before != want[0] || command != want[1] {
			t.Errorf("%s: got %q and %q, want %q", name, before, command, want)
		}
	}
}
