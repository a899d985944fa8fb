//go:build !linux

package spill

import "os"

func syncData(f *os.File) error { return f.Sync() }

// reserve does nothing: writing makes room.
func reserve(*os.File, int64, int64) {}
