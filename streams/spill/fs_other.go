//go:build !linux

package spill

import (
	"errors"
	"math"
	"os"
	"syscall"
)

func syncData(f *os.File) error { return f.Sync() }

// unreadable reports whether err is about bytes that the disk cannot read, now or ever.
func unreadable(err error) bool { return errors.Is(err, syscall.EIO) }

// free is not known.
func free(*os.File) (int64, error) { return math.MaxInt64, nil }

// reserve does nothing: writing makes room.
func reserve(*os.File, int64, int64) {}
