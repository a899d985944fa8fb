package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestRecordsAreCountedByRequest(t *testing.T) {
	t.Parallel()
	records, err := countRecords(`[["1-0",["id","a","path","/hello"]],["1-1",["path","id","id","b"]],["2-0",["id","a"]]]`)
	if err != nil || records["a"] != 2 || records["b"] != 1 || len(records) != 2 {
		t.Errorf("got %v, error %v, want two of a and one of b", records, err)
	}
	for _, text := range []string{"", "OK", `[["1-0"]]`, `[["1-0",{"id":"a"}]]`} {
		if records, err := countRecords(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, records)
		}
	}
}

func TestTallyTellsLostFromDoubled(t *testing.T) {
	t.Parallel()
	traffic := newTraffic("run")
	for _, c := range []call{{"a", 0, true}, {"b", 1, true}, {"c", 1, true}, {"d", 1, false}, {"e", 1, false}} {
		traffic.note(c)
	}
	got := traffic.tally(map[string]int{"a": 1, "b": 3, "e": 2, "of others": 9})
	want := map[int]tally{0: {made: 1}, 1: {made: 4, failed: 2, lost: 1, duplicated: 3}}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRequestsCarryTheirIDAndSayHowTheyWereAnswered(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Request-Id") != "one" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer server.Close()
	traffic := newTraffic("run")
	if !traffic.ask(t.Context(), server.URL, "one") || traffic.ask(t.Context(), server.URL, "two") || traffic.ask(t.Context(), "http://127.0.0.1:1", "one") {
		t.Error("a request is answered well when the status is 2xx, and only then")
	}
}

func TestFindingsThatBreakABoundAreErrors(t *testing.T) {
	t.Parallel()
	fine := broken{name: "kill", recovery: time.Second, bound: bound{duplicated: 1}, tally: tally{made: 9, failed: 3, duplicated: 1}}
	for name, change := range map[string]func(*findings){
		"too slow":       func(f *findings) { f.faults[0].recovery = maxRecovery + 1 },
		"a lost record":  func(f *findings) { f.faults[0].lost = 1 },
		"one doubled":    func(f *findings) { f.faults[0].duplicated = 2 },
		"no load":        func(f *findings) { f.faults[0].made = 0 },
		"a failed check": func(f *findings) { f.checks = append(f.checks, check{"sealed", errors.New("open")}) },
	} {
		f := &findings{faults: []broken{fine}, checks: []check{{what: "limited"}}}
		if err := f.broken(); err != nil {
			t.Errorf("before %s: %v", name, err)
		}
		if change(f); f.broken() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestReportSaysWhatStoodIn(t *testing.T) {
	t.Parallel()
	f := &findings{compose: "1.29.2", images: []image{{"redis:7", "Debian's"}, {"grafana/grafana:13", ""}}, faults: []broken{{name: "none"}}}
	text := f.markdown()
	for _, want := range []string{"| redis:7 | stood in for by Debian's |", "| grafana/grafana:13 | the image itself |", "- redis:7: the image", "Compose v2"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report has no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "nothing of Grafana") {
		t.Errorf("the report says of what has run that it has not:\n%s", text)
	}
}

func TestReportReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	const document = "# A\n\n" + beginMark + "\nold\n" + endMark + "\n\n## B\n"
	got, err := fill(document, "new\n")
	if want := "# A\n\n" + beginMark + "\n\nnew\n\n" + endMark + "\n\n## B\n"; err != nil || got != want {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
	if again, err := fill(got, "new\n"); err != nil || again != got {
		t.Errorf("got %q, error %v, want the same again", again, err)
	}
	for _, text := range []string{"", beginMark, endMark + beginMark} {
		if _, err := fill(text, "new"); err == nil {
			t.Errorf("%q has no place for a report, and there was no error", text)
		}
	}
}

func TestDocumentHasAPlaceForTheReport(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fill(string(text), "new"); err != nil {
		t.Error(err)
	}
}

// Each image of the demo that is not built of this repository can be stood in for, and what that leaves open is said.
func TestEveryImageHasAStandIn(t *testing.T) {
	t.Parallel()
	file, err := readCompose("../../" + composeFile)
	if err != nil {
		t.Fatal(err)
	}
	names, err := (&demo{root: "../..", file: file}).imageNames()
	if err != nil || len(names) != 6 {
		t.Fatalf("got the images %q, error %v, want six", names, err)
	}
	for _, name := range names {
		repository, _, _ := strings.Cut(name, ":")
		if makers[repository] == nil || gaps[repository] == "" {
			t.Errorf("%s cannot be stood in for", name)
		}
	}
}

func TestEveryServiceIsKilled(t *testing.T) {
	t.Parallel()
	file, err := readCompose("../../" + composeFile)
	if err != nil {
		t.Fatal(err)
	}
	faults := (&demo{file: file}).faults()
	if want := len(file.Services) + 4; len(faults) != want {
		t.Errorf("got %d faults, want %d", len(faults), want)
	}
	for service := range bounds {
		if _, ok := file.Services[service]; !ok {
			t.Errorf("there is a bound for %s, which is no service", service)
		}
	}
}

func TestStandInIsPackedAsRootsButForItsFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "program"), []byte("text"), 0o700); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	s := &standIn{files: map[string]string{"/opt/it": dir}, owners: map[string]int{"/data": 999}, links: map[string]string{"/bin/sh": "/bin/busybox"}}
	if err := s.pack(&packed); err != nil {
		t.Fatal(err)
	}
	got := map[string]*tar.Header{}
	for r := tar.NewReader(&packed); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got[header.Name] = header
	}
	program, data, sh := got["/opt/it/program"], got["/data/"], got["/bin/sh"]
	if program == nil || program.Uid != 0 || program.Size != 4 || data == nil || data.Uid != 999 || sh == nil || sh.Linkname != "/bin/busybox" {
		t.Errorf("got %v", got)
	}
	for _, folder := range []string{"/opt/", "/bin/"} { // an engine that makes them may close them
		if h := got[folder]; h == nil || h.Mode != 0o755 || h.Uid != 0 {
			t.Errorf("got %+v for %s, want a folder of root's that all may enter", h, folder)
		}
	}
}

func TestABuildWithoutBuildKitIsToldOf(t *testing.T) {
	for env, want := range map[string]bool{"0": true, "1": false, "": false} {
		t.Setenv("DOCKER_BUILDKIT", env)
		if got := strings.Contains(strings.Join((&findings{compose: "2.40.3"}).unverified(), ""), "BuildKit"); got != want {
			t.Errorf("DOCKER_BUILDKIT=%s: BuildKit is among what was not verified: %v, want %v", env, got, want)
		}
	}
}

func TestPollEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	err := poll(ctx, time.Millisecond, func() bool {
		asked++
		cancel()
		return false
	})
	if !errors.Is(err, context.Canceled) || asked == 0 {
		t.Errorf("got %v after %d questions, want %v after one at least", err, asked, context.Canceled)
	}
}

func TestABatchIsWhatAGatewayDeliversAtOnce(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../examples/gateway/usage.go")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(fmt.Sprintf(`(?m)^\tdelivery\s+= %d\b`, batch)).Match(source) {
		t.Errorf("the gateway does not deliver %d records at once: the bounds are not its own", batch)
	}
}
