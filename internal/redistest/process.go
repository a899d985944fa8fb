package redistest

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// process is a child that ends with this process at the latest.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// launch starts cmd.
func launch(cmd *exec.Cmd) (*process, error) {
	keepOwnFiles()
	cmd.SysProcAttr = endWithParent()
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go p.run(started)
	return p, <-started
}

// run starts the child and waits until it ends, on one thread that lives as long as it: the kernel takes
// the end of that thread, not of this process, for the death of the child's parent.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // how it ended is in its log
	}
}

// keepOwnFiles lets no child have the files that this process was born with, apart from 0 to 2: a server
// that held an inherited lock would hold it for as long as it lives. What Go opens is never inherited.
func keepOwnFiles() {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// alive tells whether the child has not ended yet.
func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends it with SIGKILL, even when it is paused, and waits until it has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// signal sends SIGSTOP or SIGCONT.
func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// stopped tells whether SIGSTOP has reached it.
func (p *process) stopped() bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && strings.HasPrefix(state, "T")
}
