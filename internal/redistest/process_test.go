package redistest_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/redistest"
)

// holderVar makes this program start a server, name its process, and wait.
const holderVar = "REDISTEST_HOLD"

// holdServer is the program that holderVar asks for. It never returns: it is killed.
func holdServer(m *testing.M) int {
	return redistest.Main(m).Run() // TestHolder alone
}

func TestHolder(t *testing.T) {
	if os.Getenv(holderVar) == "" {
		return // it is for the test below
	}
	s := redistest.Single(t)
	_, _ = os.Stdout.WriteString("pid " + strconv.Itoa(s.Pid()) + "\n")
	select {}
}

func TestServersEndWithTheTestThatIsKilled(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestHolder$")
	cmd.Env = append(os.Environ(), holderVar+"=1", "TMPDIR="+t.TempDir()) // it cannot remove what it has there
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "pid "); ok {
			pid, _ = strconv.Atoi(text)
		}
	}
	if pid == 0 || !exists(pid) {
		t.Fatalf("pid %d: the server does not run", pid)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for deadline := time.After(5 * time.Second); exists(pid); {
		select {
		case <-deadline:
			t.Fatalf("pid %d outlived the test's process", pid)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// exists tells whether a process lives. One that ended and was not waited for does not.
func exists(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestServersDoNotInheritFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR, 0o600) // without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd) //nolint:errcheck // it was read from
	s := redistest.Single(t)
	dir := filepath.Join("/proc", strconv.Itoa(s.Pid()), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d files of the server, %v", len(entries), err)
	}
	for _, e := range entries {
		if to, _ := os.Readlink(filepath.Join(dir, e.Name())); to == path {
			t.Errorf("the server has %s as file %s", path, e.Name())
		}
	}
}

func TestTakenPortsAreTriedNoMore(t *testing.T) {
	t.Parallel()
	var taken net.Listener
	s := redistest.Rebuild(t, func(addr string) {
		var err error
		if taken, err = new(net.ListenConfig).Listen(context.Background(), "tcp", addr); err != nil {
			t.Error(err)
		}
	})
	defer taken.Close() //nolint:errcheck // it took its part
	if s.Addr() == taken.Addr().String() {
		t.Errorf("got %s, which is taken", s.Addr())
	}
	s.MustDo("PING")
}

func TestWhatDoesNotStartSaysWhy(t *testing.T) {
	t.Parallel()
	text, failed := fails(t, func(tb testing.TB) { redistest.Single(tb, redistest.WithConfig("nonsense yes")) })
	if !failed || !strings.Contains(text, "Bad directive") {
		t.Errorf("got failed %v, %q, want the server's log", failed, text)
	}
	s := redistest.Single(t)
	if err := redistest.StartAgain(s); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Errorf("started twice: got %v, want that it runs already", err)
	}
}

func TestMissingServerFailsAndTellsHowToInstallIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("REDIS_SERVER", "")
	text, failed := fails(t, func(tb testing.TB) { redistest.Single(tb) })
	if !failed || !strings.Contains(text, "apt-get install") {
		t.Errorf("got failed %v, %q, want to be told how to install it", failed, text)
	}
}
