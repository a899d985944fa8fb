package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const fixture = "testdata/registry.yaml"

// To renew the golden files after a change of the generator:
//
//	go run -C tools/flowconvgen . -registry testdata/registry.yaml -go testdata/go.golden -doc testdata/md.golden
func TestGeneratedFilesAreGolden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gofile, doc := filepath.Join(dir, "x.go"), filepath.Join(dir, "x.md")
	if err := run([]string{"-registry", fixture, "-go", gofile, "-doc", doc}, io.Discard); err != nil {
		t.Fatal(err)
	}
	for path, golden := range map[string]string{gofile: "testdata/go.golden", doc: "testdata/md.golden"} {
		if got, want := read(t, path), read(t, golden); !bytes.Equal(got, want) {
			t.Errorf("generated is not %s:\n%s", golden, got)
		}
	}
}

func TestCheckFailsOnStaleFilesAndWritesNothing(t *testing.T) {
	t.Parallel()
	stale := filepath.Join(t.TempDir(), "stale.go")
	if err := os.WriteFile(stale, []byte("package flowconv\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run([]string{"-check", "-registry", fixture, "-go", stale, "-doc", "testdata/md.golden"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), stale+" is not up to date") {
		t.Errorf("got error %v, want one that names %s", err, stale)
	}
	if got := read(t, stale); string(got) != "package flowconv\n" {
		t.Errorf("-check wrote %q", got)
	}
	if err := run([]string{"-check", "-registry", fixture, "-go", "testdata/go.golden", "-doc", "testdata/md.golden"}, io.Discard); err != nil {
		t.Errorf("up-to-date files: %v", err)
	}
}

func TestBadRegistryIsNotGenerated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad, out := filepath.Join(dir, "bad.yaml"), filepath.Join(dir, "out")
	if err := os.WriteFile(bad, []byte("groups: [{id: x, type: span}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run([]string{"-registry", bad, "-go", out, "-doc", out}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("got error %v, want one that names %s", err, bad)
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("wrote a file from a bad registry: %v", err)
	}
}

func TestRunNamesAMissingFileAndAWrongFlag(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a registry that is not there": {"-registry", "testdata/none.yaml"},
		"a file that cannot be made":   {"-registry", fixture, "-go", "testdata/none/x.go", "-doc", os.DevNull},
		"a flag that is not known":     {"-none"},
	} {
		if err := run(args, io.Discard); err == nil || !strings.Contains(err.Error(), "none") {
			t.Errorf("%s: got error %v, want one that names it", name, err)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
