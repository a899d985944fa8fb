package redistest

import "syscall"

// endWithParent has the kernel kill the child when the thread that started it ends.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
