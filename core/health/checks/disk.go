package checks

import (
	"context"
	"errors"
	"fmt"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// DiskConfig is the config of [Disk]. At least one of its limits must be set.
type DiskConfig struct {
	// MinFree is how many bytes must be free, or the check is down. Defaults to 0: any number will do.
	MinFree int64
	// MinFreeShare is which share of the bytes, and of the inodes where they are counted, must be free,
	// from 0 to 1, or the check is down. Defaults to 0.
	MinFreeShare float64
	// LowFree is how many bytes must be free, or the check is degraded. Defaults to 0.
	LowFree int64
	// LowFreeShare is which share of the bytes and inodes must be free, or the check is degraded.
	// Defaults to 0.
	LowFreeShare float64
}

// Validate reports what is wrong with c.
func (c DiskConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.MinFree >= 0, "MinFree", c.MinFree, "must not be negative")
	faults.Require(c.MinFreeShare >= 0 && c.MinFreeShare <= 1, "MinFreeShare", c.MinFreeShare, "must be from 0 to 1")
	faults.Require(c.LowFree >= 0, "LowFree", c.LowFree, "must not be negative")
	faults.Require(c.LowFreeShare >= 0 && c.LowFreeShare <= 1, "LowFreeShare", c.LowFreeShare, "must be from 0 to 1")
	faults.Require(c != DiskConfig{}, "MinFree", c.MinFree, "must be set, or one of the other limits")
	return faults.Err()
}

// space is what a file system has.
type space struct {
	bytes, freeBytes   uint64 // free to a process without privileges
	inodes, freeInodes uint64 // 0 where they are not counted
}

// Disk makes a check of the file system that holds dir: it is down or degraded when too little is
// free, and down when that cannot be told. It writes nothing. It is an error on systems other than
// Linux and macOS.
func Disk(name, dir string, cfg DiskConfig) (health.Check, error) {
	var faults core.Faults
	faults.Require(dir != "", "dir", dir, "must not be empty")
	if err := core.Configure(pkg, name, errors.Join(faults.Err(), cfg.Validate())); err != nil {
		return health.Check{}, err
	}
	if _, err := measure(dir); errors.Is(err, errors.ErrUnsupported) {
		return health.Check{}, fmt.Errorf("checks: %q: free space of a disk: %w", name, err)
	}
	return health.Check{Name: name, Run: func(context.Context) error {
		s, err := measure(dir)
		if err != nil {
			return fmt.Errorf("measure %s: %w", dir, err)
		}
		return cfg.judge(s)
	}}, nil
}

// judge says whether enough is free.
func (c DiskConfig) judge(s space) error {
	if why := s.lacks(c.MinFree, c.MinFreeShare); why != "" {
		return errors.New(why)
	}
	if why := s.lacks(c.LowFree, c.LowFreeShare); why != "" {
		return health.Degradedf("%s", why)
	}
	return nil
}

// lacks says what there is too little of.
func (s space) lacks(free int64, share float64) string {
	switch {
	case s.freeBytes < uint64(free):
		return fmt.Sprintf("%d bytes are free, want %d", s.freeBytes, free)
	case float64(s.freeBytes) < share*float64(s.bytes):
		return fmt.Sprintf("%d of %d bytes are free, want %g %%", s.freeBytes, s.bytes, 100*share)
	case float64(s.freeInodes) < share*float64(s.inodes):
		return fmt.Sprintf("%d of %d inodes are free, want %g %%", s.freeInodes, s.inodes, 100*share)
	}
	return ""
}
