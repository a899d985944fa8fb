package integration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// gatewayBinary builds the gateway once, with the race detector when the tests have it.
var gatewayBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gateway")
	if err != nil {
		return "", err
	}
	binaries = append(binaries, dir)
	path := filepath.Join(dir, "gateway")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.CommandContext(context.Background(), "go", append(args, "../examples/gateway")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// binaries are removed at the end of the tests.
var binaries []string

// process is a gateway that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string // of the gateway
	admin  string // of the admin port
	stdout *lines
	stderr *lines
	exited chan struct{}
}

// startGateway starts a gateway on free ports and waits until it says where it is. A machine that is busy with other
// tests is not its business, unless args say so.
func startGateway(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	binary, err := gatewayBinary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, stdout: newLines(), stderr: newLines(), exited: make(chan struct{})}
	p.cmd = exec.CommandContext(t.Context(), binary, append([]string{"-addr", "127.0.0.1:0", "-grpc", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-max-sched-latency", "0"}, args...)...)
	p.cmd.Env = append(append(os.Environ(), "TMPDIR="+t.TempDir()), env...) // one that is killed removes nothing
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // the state tells
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has exited, unless the test failed
		<-p.exited
	})
	p.url = p.field(p.stderr.wait(t, "gateway "))
	p.admin = p.field(p.stderr.wait(t, "admin "))
	return p
}

// field is the second word of a line.
func (p *process) field(line string) string {
	p.t.Helper()
	words := strings.Fields(line)
	if len(words) < 2 {
		p.t.Fatalf("the gateway said %q", line)
	}
	return words[1]
}

// signal sends a signal and waits for the exit code.
func (p *process) signal(sig syscall.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(40 * time.Second):
		p.t.Fatalf("still running after %v; it said:\n%s", sig, p.stderr.text())
	}
	return p.cmd.ProcessState.ExitCode()
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// get is a GET.
func get(t *testing.T, client *http.Client, url string, header http.Header) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// lines collects what a process writes.
type lines struct {
	mu   sync.Mutex
	all  strings.Builder
	more chan struct{} // closed and replaced at each write
}

func newLines() *lines { return &lines{more: make(chan struct{})} }

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(b)
	close(l.more)
	l.more = make(chan struct{})
	return len(b), nil
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// wait gives the first whole line that begins with prefix.
func (l *lines) wait(t *testing.T, prefix string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		l.mu.Lock()
		text, more := l.all.String(), l.more
		l.mu.Unlock()
		whole := text[:strings.LastIndex(text, "\n")+1]
		for s := bufio.NewScanner(strings.NewReader(whole)); s.Scan(); {
			if strings.HasPrefix(s.Text(), prefix) {
				return s.Text()
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			t.Fatalf("no line %q...; it said:\n%s", prefix, text)
		}
	}
}
