package integration

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/loopback"
)

// The examples listen where a reader expects them to. The tests build them as they are, but for the
// ports.
func TestExamplesGreetLimitAndReport(t *testing.T) {
	t.Parallel()
	for name, sources := range map[string][]string{
		"quickstart": {"examples/quickstart/main.go", "fxmodule/adminfx/adminfx.go"},
		"nofx":       {"examples/nofx/main.go"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, admin := loopback.Addr(t), loopback.Addr(t)
			cmd := exec.CommandContext(t.Context(), buildWith(t, name, sources, strings.NewReplacer("127.0.0.1:8080", api, "127.0.0.1:9090", admin)))
			out := newLines()
			cmd.Stdout, cmd.Stderr = out, out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			client := newClient(t)
			for deadline := time.Now().Add(20 * time.Second); fetch(client, "http://"+admin+"/readyz") != nil; {
				if time.Now().After(deadline) {
					t.Fatalf("never ready; it said:\n%s", out.text())
				}
				<-time.After(10 * time.Millisecond)
			}
			if got := get(t, client, "http://"+api+"/hello/Gopher", nil); got.body != "Hello, Gopher!\n" {
				t.Errorf("it answered %q", got.body)
			}
			denied := 0
			for range 20 {
				if get(t, client, "http://"+api+"/hello/Gopher", nil).status == http.StatusTooManyRequests {
					denied++
				}
			}
			if denied == 0 {
				t.Error("21 requests at once were all allowed, want about 10")
			}
			requireMetrics(t, client, "http://"+admin,
				`goflow_limiter_decisions_total{.*name="clients".*outcome="allowed".*} [1-9][0-9]*`,
				`http_server_request_duration_seconds_count{.*http_route="/hello/{name}".*} [1-9][0-9]*`)
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ended with %v; it said:\n%s", err, out.text())
			}
		})
	}
}

// buildWith builds an example with words of its sources replaced.
func buildWith(t *testing.T, name string, sources []string, words *strings.Replacer) (binary string) {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	replace := make(map[string]string)
	for _, file := range sources {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		changed := words.Replace(string(text))
		if changed == string(text) {
			t.Fatalf("%s does not say where it listens any more", file)
		}
		copied := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(copied, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, file)] = copied
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, name)
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", list, "-o", binary, "../examples/"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

func TestProtectRidesOutAnOutage(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "run", "../examples/protect").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"breaker closed\ndown: 0 of 20", "breaker open\nback: breaker closed\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it said %q, want %q in it", out, want)
		}
	}
}

func TestTenantsBorrowOnlyWhatIsSpare(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "run", "../examples/tenants").CombinedOutput()
	const want = "free: 10 of 20 requests\npaid: 5 of 20 requests\npaid, after the charge: comes back in more than 20 s: true\n"
	if err != nil || string(out) != want {
		t.Errorf("%v: it said %q, want %q", err, out, want)
	}
}

func TestJobsRetriesPoolsAndUndoes(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "run", "../examples/jobs").CombinedOutput()
	const want = "import: 2 runs succeeded, 6 attempts\nimages: cat_small.jpg dog_small.jpg\norder: reserved\norder: released\n" +
		"order: sched: chain \"order\" failed at step \"charge\": card declined; undone: reserve\n"
	if err != nil || string(out) != want {
		t.Errorf("%v: it said %q, want %q", err, out, want)
	}
}
