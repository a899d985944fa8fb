//go:build linux || darwin

package checks

import "syscall"

func measure(dir string) (space, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return space{}, err
	}
	size := uint64(fs.Bsize)
	return space{bytes: fs.Blocks * size, freeBytes: fs.Bavail * size, inodes: fs.Files, freeInodes: fs.Ffree}, nil
}
