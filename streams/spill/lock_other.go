//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package spill

import (
	"errors"
	"os"
)

const noFollow = 0

// lockFile fails: without a lock two processes would spoil each other's records.
func lockFile(*os.File) error { return errors.ErrUnsupported }
