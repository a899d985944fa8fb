//go:build !linux

package redistest

import "syscall"

// endWithParent asks for nothing: only Linux can.
func endWithParent() *syscall.SysProcAttr { return nil }
