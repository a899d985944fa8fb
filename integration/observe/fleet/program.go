package fleet

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// program is a child of this process. It is safe for concurrent use.
type program struct {
	name   string
	output string // the file of what it says
	cmd    *exec.Cmd
	done   chan struct{} // closed when it has ended
}

// mostOutput is how many bytes of what a program says are kept. After so many its file begins anew.
const mostOutput = 256 << 20

// launch starts a program, and has what it says in a file named after it, in dir.
func launch(dir, name string, env []string, path string, args ...string) (*program, error) {
	p := &program{name: name, output: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	file, err := os.OpenFile(p.output, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()                              // the child has its own
	p.cmd = exec.CommandContext(context.Background(), path, args...) // stop ends it, in turn
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), env...), file, file
	p.cmd.Dir, p.cmd.SysProcAttr = dir, ofItsOwn()
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("fleet: %s does not start: %w", name, err)
	}
	go p.bound(mostOutput, time.Second)
	return p, nil
}

// bound looks at the file every so often until the program has ended, and empties it when there is more than most.
// What the program says then is at the beginning, as it only appends.
func (p *program) bound(most int64, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
		if info, err := os.Stat(p.output); err == nil && info.Size() > most {
			_ = os.Truncate(p.output, 0) // it is tried again
		}
	}
}

// run starts the child and waits until it ends, on one thread that lives as long as it: the kernel takes the end of
// that thread, not of this process, for the death of the child's parent.
func (p *program) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // its state tells
	}
}

// await asks again and again whether the program is ready. The error is that it has ended, or why it was not when
// ctx did.
func (p *program) await(ctx context.Context, ready func(ctx context.Context) error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			return p.ended()
		case <-ctx.Done():
			return fmt.Errorf("fleet: %s is not ready: %w\n%s", p.name, err, p.tail())
		}
	}
}

// ended is the error of a program that has, which no one had asked for.
func (p *program) ended() error {
	return fmt.Errorf("fleet: %s ended: %v\n%s", p.name, p.cmd.ProcessState, p.tail())
}

// stop asks the program to end, and after grace makes it. It waits until it has.
func (p *program) stop(grace time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// tail is the end of what it said.
func (p *program) tail() string {
	const lines = 10
	text, _ := os.ReadFile(p.output) // nothing is told then
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
