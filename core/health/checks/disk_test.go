package checks_test

import (
	"testing"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/checks"
)

func TestDiskLooksAtBytesAndInodes(t *testing.T) {
	t.Parallel()
	limits := checks.DiskConfig{MinFree: 100, MinFreeShare: 0.05, LowFree: 200, LowFreeShare: 0.1}
	for name, c := range map[string]struct {
		cfg                            checks.DiskConfig
		bytes, free, inodes, freeNodes uint64
		want                           health.Status
		text                           string
	}{
		"enough":               {limits, 1000, 200, 100, 10, health.Up, ""},
		"few bytes":            {limits, 1000, 99, 100, 10, health.Down, "99 bytes are free, want 100"},
		"fewish bytes":         {limits, 1000, 199, 100, 10, health.Degraded, "199 bytes are free, want 200"},
		"a small share":        {limits, 10_000, 499, 100, 10, health.Down, "499 of 10000 bytes are free, want 5 %"},
		"a smallish share":     {limits, 10_000, 999, 100, 10, health.Degraded, "999 of 10000 bytes are free, want 10 %"},
		"few inodes":           {limits, 1000, 200, 100, 4, health.Down, "4 of 100 inodes are free, want 5 %"},
		"fewish inodes":        {limits, 1000, 200, 100, 9, health.Degraded, "9 of 100 inodes are free, want 10 %"},
		"inodes not counted":   {limits, 1000, 200, 0, 0, health.Up, ""},
		"only a degraded mark": {checks.DiskConfig{LowFree: 1}, 1000, 0, 0, 0, health.Degraded, "0 bytes are free, want 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checks.JudgeDisk(c.cfg, c.bytes, c.free, c.inodes, c.freeNodes)
			if meaning(err) != c.want || err != nil && err.Error() != c.text {
				t.Errorf("got %v, want %s %s", err, c.want, c.text)
			}
		})
	}
}

func TestDiskReadsTheFileSystem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dir  string
		cfg  checks.DiskConfig
		want health.Status
	}{
		{t.TempDir(), checks.DiskConfig{MinFree: 1}, health.Up},
		{t.TempDir(), checks.DiskConfig{MinFree: 1 << 60}, health.Down},
		{t.TempDir(), checks.DiskConfig{LowFree: 1 << 60}, health.Degraded},
		{"/no/such/directory", checks.DiskConfig{LowFree: 1}, health.Down},
	} {
		check, err := checks.Disk("disk", c.dir, c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := check.Run(t.Context()); meaning(err) != c.want {
			t.Errorf("%+v: %v, want %s", c.cfg, err, c.want)
		}
	}
}

func TestDiskRefusesABadConfig(t *testing.T) {
	t.Parallel()
	_, err := checks.Disk("disk", "", checks.DiskConfig{})
	requireRefused(t, err, "dir must not be empty")
	requireRefused(t, err, "MinFree must be set, or one of the other limits")
	_, err = checks.Disk("disk", "/", checks.DiskConfig{MinFree: -1, MinFreeShare: 1.1, LowFree: -1, LowFreeShare: -0.1})
	for _, field := range []string{"MinFree must not", "MinFreeShare must be", "LowFree must not", "LowFreeShare must be"} {
		requireRefused(t, err, field)
	}
}
