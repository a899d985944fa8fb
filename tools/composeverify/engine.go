package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// errNoEngine says that nothing can be verified here.
var errNoEngine = errors.New("no container engine")

// engine is the Docker that runs the containers.
type engine struct {
	host    string // what DOCKER_HOST has to be; "" is the default
	version string
	daemon  *exec.Cmd // nil: it ran before
	dir     string    // of the daemon
}

// findEngine uses what DOCKER_HOST names, or what answers, or starts one.
func findEngine(ctx context.Context) (*engine, error) {
	e := &engine{host: os.Getenv("DOCKER_HOST")}
	if e.answers(ctx) {
		return e, nil
	}
	if e.host != "" {
		return nil, fmt.Errorf("%w: DOCKER_HOST=%s does not answer", errNoEngine, e.host)
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w runs here, and only root can start one", errNoEngine)
	}
	dockerd, err := exec.LookPath("dockerd")
	if err != nil {
		return nil, fmt.Errorf("%w: apt-get install -y --no-install-recommends docker.io docker-compose", errNoEngine)
	}
	return startEngine(ctx, dockerd)
}

// startEngine starts a daemon that leaves the machine's network as it is: no rules, no forwarding, no bridge of its own.
func startEngine(ctx context.Context, dockerd string) (*engine, error) {
	dir, err := os.MkdirTemp("", "compose-verify")
	if err != nil {
		return nil, err
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	log, err := os.Create(in("log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the daemon has it
	e := &engine{host: "unix://" + in("socket"), dir: dir}
	e.daemon = exec.CommandContext(context.WithoutCancel(ctx), dockerd, "--host", e.host, "--data-root", in("data"), "--exec-root", in("exec"),
		"--pidfile", in("pid"), "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none")
	e.daemon.Stdout, e.daemon.Stderr = log, log
	if err := e.daemon.Start(); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoEngine, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := poll(ctx, 200*time.Millisecond, func() bool { return e.answers(ctx) }); err != nil {
		text, _ := os.ReadFile(in("log"))
		e.stop()
		return nil, fmt.Errorf("%w: dockerd did not start:\n%s", errNoEngine, tail(text, 5))
	}
	return e, nil
}

// answers says whether it is there, and notes its version.
func (e *engine) answers(ctx context.Context) bool {
	out, err := e.command(ctx, docker(), "version", "--format", "{{.Server.Version}}").Output()
	e.version = strings.TrimSpace(string(out))
	return err == nil && e.version != ""
}

// command is a program that talks to the engine.
func (e *engine) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = os.Environ()
	if e.host != "" {
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+e.host)
	}
	return cmd
}

// stop ends the daemon, if it was started here, and removes what it kept.
func (e *engine) stop() {
	if e.daemon == nil {
		return
	}
	_ = e.daemon.Process.Signal(syscall.SIGTERM)
	_ = e.daemon.Wait()
	if err := os.RemoveAll(e.dir); err != nil {
		say("%v", err)
	}
}

// docker is the client: Debian's own, where there are several.
func docker() string {
	const debian = "/usr/bin/docker"
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	return "docker"
}

// tail is the end of a text.
func tail(text []byte, lines int) string {
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
