package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/loopback"
)

const hint = "install prometheus and promtool 2.42 or later: make prometheus, or apt-get install prometheus"

// program is the path of a program of Prometheus, which a variable may name: PROMETHEUS, PROMTOOL.
func program(t *testing.T, name string) string {
	t.Helper()
	if path := os.Getenv(strings.ToUpper(name)); path != "" {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: %s", err, hint)
	}
	return path
}

// start runs a program until the test ends, and waits until url answers.
func start(t *testing.T, url, path string, env []string, args ...string) {
	t.Helper()
	dir := t.TempDir()
	output := filepath.Join(dir, "output")
	file, err := os.Create(output)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), path, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(append(os.Environ(), "TMPDIR="+dir), env...), file, file
	if err := errors.Join(cmd.Start(), file.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	tell := func() string {
		said, _ := os.ReadFile(output) //nolint:gosec // nothing is told then
		return string(said)
	}
	eventually(t, func() error {
		_, err := fetch(t, url)
		return err
	}, tell)
}

// startGateway builds a gateway and runs it under its own load. It gives the address of its metrics.
func startGateway(t *testing.T, binary string, env ...string) (admin string) {
	t.Helper()
	admin = loopback.Addr(t)
	start(t, "http://"+admin+"/readyz", binary, append(env, "GOMEMLIMIT=1GiB", "OTEL_TRACES_EXPORTER=none"),
		"-addr", loopback.Addr(t), "-grpc", loopback.Addr(t), "-admin", admin, "-load", "50")
	return admin
}

func buildGateway(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gateway")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../../examples/gateway").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// eventually tries until check is content, for a minute. It ends with what tell says.
func eventually(t *testing.T, check func() error, tell func() string) {
	t.Helper()
	deadline, tick := time.After(time.Minute), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after a minute still %v\n%s", err, tell())
		}
	}
}

// client keeps no connections, which would be goroutines.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

// fetch is a GET that wants 200.
func fetch(t *testing.T, url string) ([]byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return body, err
}
