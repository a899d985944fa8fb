package fleet

import "syscall"

// ofItsOwn has a child not get the Ctrl-C that is for this process, and lets the kernel kill it when the thread that
// started it ends.
func ofItsOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
