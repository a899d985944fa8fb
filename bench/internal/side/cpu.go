//go:build unix

package side

import (
	"syscall"
	"time"
)

// CPU is the processor time that this process has used, in its own code and in the kernel.
func CPU() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}
