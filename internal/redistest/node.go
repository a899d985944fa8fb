package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/goflow-go/goflow/internal/loopback"
)

const (
	startLimit = 15 * time.Second      // for a server to answer, on a machine that is busy
	askLimit   = 5 * time.Second       // for a command to be answered
	tryLimit   = time.Second           // for a look at whether it answers
	soon       = 5 * time.Millisecond  // between looks at what takes milliseconds
	later      = 20 * time.Millisecond // between looks at what takes seconds
)

// errPortTaken says that someone who knows nothing of reservations took a port.
var errPortTaken = errors.New("port is taken")

// node is one server, running or not. Its methods may be called at the same time.
type node struct {
	lab       *lab
	host      string
	port, bus *loopback.Port // bus is nil outside of clusters
	dir       string
	id        string // of sentinels and in clusters
	sentinel  bool

	mu       sync.Mutex // held while it starts or ends
	proc     *process
	paused   bool
	password string
}

func (n *node) addr() string { return net.JoinHostPort(n.host, strconv.Itoa(n.port.Number)) }

// hostPort is how config files name an address.
func (n *node) hostPort() string { return fmt.Sprintf("%s %d", n.host, n.port.Number) }

// configure writes the config file, which the server itself may change later.
func (n *node) configure(lines ...string) error {
	all := []string{"bind " + n.host, "protected-mode no", "dir " + strconv.Quote(n.dir), `logfile ""`}
	if n.lab.tls {
		all = append(all, "port 0", fmt.Sprintf("tls-port %d", n.port.Number), "tls-replication yes", "tls-auth-clients no")
		all = append(all, n.lab.tlsCA.config()...)
	} else {
		all = append(all, fmt.Sprintf("port %d", n.port.Number))
	}
	if n.lab.ownAddrs {
		all = append(all, "bind-source-addr "+n.host)
	}
	if !n.sentinel {
		all = append(all, `save ""`, "repl-diskless-sync no", "enable-debug-command yes")
		if n.password != "" {
			all = append(all, "requirepass "+strconv.Quote(n.password), "masterauth "+strconv.Quote(n.password))
		}
		lines = append(lines, n.lab.lines...)
	}
	if n.lab.shim != "" {
		if err := n.setClock(0); err != nil {
			return err
		}
	}
	text := strings.Join(append(all, lines...), "\n") + "\n"
	return os.WriteFile(n.conf(), []byte(text), 0o600)
}

func (n *node) conf() string    { return filepath.Join(n.dir, "redis.conf") }
func (n *node) logFile() string { return filepath.Join(n.dir, "log") }

// start runs the server and waits until it answers.
func (n *node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc != nil && n.proc.alive() {
		return fmt.Errorf("redistest: %s runs already", n.addr())
	}
	proc, err := n.launch()
	if err != nil {
		return fmt.Errorf("redistest: %s: %w", n.addr(), err)
	}
	n.proc, n.paused = proc, false
	return n.awaitHealth()
}

// launch runs the server with its output in the log.
func (n *node) launch() (*process, error) {
	log, err := os.OpenFile(n.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the child has it
	args := []string{n.conf()}
	if n.sentinel {
		args = append(args, "--sentinel")
	}
	cmd := exec.CommandContext(context.Background(), n.lab.binary, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, n.dir
	if n.lab.shim != "" {
		cmd.Env = append(os.Environ(), "LD_PRELOAD="+n.lab.shim, "REDISTEST_CLOCK="+n.clockFile())
	}
	return launch(cmd)
}

// awaitHealth waits until this very process answers: on a taken port it would be another's server.
func (n *node) awaitHealth() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	want := fmt.Sprintf("process_id:%d\r\n", n.proc.cmd.Process.Pid)
	err := poll(ctx, soon, func(ctx context.Context) error {
		if !n.proc.alive() {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, tryLimit)
		defer cancel()
		if _, err := n.ask(ctx, n.password, "PING"); err != nil {
			return err
		}
		info, err := n.ask(ctx, n.password, "INFO", "server")
		if err == nil && !strings.Contains(info.Text, want) {
			err = errPortTaken
		}
		return err
	})
	if err == nil && n.proc.alive() {
		return nil
	}
	n.proc.kill()
	return n.explain(err)
}

// explain says why the server did not start, with the end of its log.
func (n *node) explain(err error) error {
	log := n.tail()
	switch {
	case strings.Contains(log, "Address already in use"):
		err = errPortTaken
	case err == nil:
		err = errors.New("it ended")
	}
	return fmt.Errorf("redistest: %s did not start: %w\n%s", n.addr(), err, log)
}

// tail gives the last lines of the log.
func (n *node) tail() string {
	log, _ := os.ReadFile(n.logFile())
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}

// kill ends the server, if it runs.
func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc != nil {
		n.proc.kill()
	}
}

// pause stops the server in the middle of what it does, and returns when it stands still.
func (n *node) pause() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.proc.signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("redistest: pausing %s: %w", n.addr(), err)
	}
	n.paused = true
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	return poll(ctx, soon, func(context.Context) error {
		if !n.proc.stopped() {
			return fmt.Errorf("redistest: %s does not stand still", n.addr())
		}
		return nil
	})
}

// resume lets a paused server go on.
func (n *node) resume() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.proc.signal(syscall.SIGCONT); err != nil {
		return fmt.Errorf("redistest: resuming %s: %w", n.addr(), err)
	}
	n.paused = false
	return nil
}

// running tells whether the server can answer.
func (n *node) running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc != nil && n.proc.alive() && !n.paused
}

// do sends one command on a connection of its own.
func (n *node) do(args ...string) (Reply, error) {
	n.mu.Lock()
	password := n.password
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	return n.ask(ctx, password, args...)
}

// poll tries again and again until it works, or gives the last error when ctx ends.
func poll(ctx context.Context, every time.Duration, try func(context.Context) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// setPassword changes the password now and for the next start.
func (n *node) setPassword(password string) error {
	if _, err := n.do("CONFIG", "SET", "requirepass", password, "masterauth", password); err != nil {
		return err
	}
	n.mu.Lock()
	n.password = password
	n.mu.Unlock()
	_, err := n.do("CONFIG", "REWRITE")
	return err
}
