//go:build !linux

package fleet

import "syscall"

// ofItsOwn has a child not get the Ctrl-C that is for this process. Only on Linux does it end with this process too.
func ofItsOwn() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
