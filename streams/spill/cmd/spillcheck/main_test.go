package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/streams/spill"
)

// check runs the command.
func check(args ...string) (code int, out string) {
	var text strings.Builder
	code = run(args, &text, &text)
	return code, text.String()
}

func TestCommandShowsAndRepairsDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q, err := spill.Open("uploads", spill.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range []string{"one", "two"} {
		if err := q.Push(t.Context(), []byte(rec)); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, out := check(dir); code != 0 || !strings.Contains(out, "1 segments, 2 records to come, 0 acknowledged, 0 lost, cursor 0") {
		t.Errorf("got %d and %q, want a whole queue", code, out)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err := os.Truncate(names[0], 69); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cursor"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{dir}, {"-repair", dir}} {
		code, out := check(args...)
		if code != 1 || !strings.Contains(out, "DAMAGED: 34 bytes, 1 records lost") || !strings.Contains(out, "cursor DAMAGED") {
			t.Errorf("%q: got %d and %q, want the damage", args, code, out)
		}
	}
	if code, out := check(dir); code != 0 || !strings.Contains(out, "1 segments, 1 records to come") {
		t.Errorf("got %d and %q, want it repaired", code, out)
	}
}

func TestCommandSaysWhatItCouldNotDo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"-wrong"}, {filepath.Join(t.TempDir(), "none")}} {
		if code, out := check(args...); code != 2 || out == "" {
			t.Errorf("%q: got %d and %q, want 2 and why", args, code, out)
		}
	}
}
