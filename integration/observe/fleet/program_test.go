package fleet_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/integration/observe/fleet"
)

var errNotYet = errors.New("not yet")

func notYet(context.Context) error { return errNotYet }

// said is content once a script has said something.
func said(dir, text string) func(context.Context) error {
	return func(context.Context) error {
		out, err := os.ReadFile(filepath.Join(dir, "script.log"))
		if err == nil && !strings.Contains(string(out), text) {
			err = errNotYet
		}
		return err
	}
}

func TestAProgramThatDoesNotBecomeReadySaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		within time.Duration
		want   []string
	}{
		"it ended":         {"echo no such luck; exit 3", time.Minute, []string{"script ended", "exit status 3", "no such luck"}},
		"it took too long": {"echo patience; exec sleep 60", 3 * time.Second, []string{"script is not ready", errNotYet.Error(), "patience"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), c.within)
			defer cancel()
			f, err := fleet.Launched(ctx, t.TempDir(), c.script, notYet)
			f.Stop()
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestWaitTellsWhichProgramEndedAndWhatItSaidLast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gate := filepath.Join(dir, "gate")
	f, err := fleet.Launched(t.Context(), dir, "echo ready; until [ -e "+gate+" ]; do sleep 0.05; done; echo so long; exit 4", said(dir, "ready"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err = f.Wait(t.Context())
	for _, want := range []string{"script ended", "exit status 4", "so long"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func TestAProgramThatDoesNotEndIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := fleet.Launched(t.Context(), dir, "trap '' TERM; echo deaf; exec sleep 60", said(dir, "deaf"))
	if err != nil {
		t.Fatal(err)
	}
	f.StopWithin(50 * time.Millisecond)
	if err := f.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("got %v, want that it was killed", err)
	}
}

func TestWhatAProgramSaysIsKeptUpToABound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := fleet.Launched(t.Context(), dir, "echo begun; while sleep 0.01; do echo going on; done", said(dir, "begun"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	f.Bound(200)
	for deadline := time.After(10 * time.Second); ; {
		text, err := os.ReadFile(f.Output("script"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), "going on") { // at the beginning, not behind a hole
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%d bytes are kept, want the file emptied after 200", len(text))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestWhatIsMissingIsNamedWithWhatInstallsIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("REDIS_SERVER", "")
	if err := fleet.Installed(); err == nil || !strings.Contains(err.Error(), "make redis") {
		t.Errorf("got %v, want to be told of make redis", err)
	}
	t.Setenv("REDIS_SERVER", "/bin/sh")
	t.Setenv("PROMETHEUS", "")
	if err := fleet.Installed(); err == nil || !strings.Contains(err.Error(), "make prometheus") {
		t.Errorf("got %v, want to be told of make prometheus", err)
	}
}

func TestAnAddressThatIsTakenIsNamed(t *testing.T) {
	t.Parallel()
	a, err := fleet.Free()
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", a.Prometheus)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := a.Taken(); err == nil || !strings.Contains(err.Error(), a.Prometheus) {
		t.Errorf("got %v, want %s to be named", err, a.Prometheus)
	}
}
