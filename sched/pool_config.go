package sched

import (
	"fmt"
	"runtime"
	"time"

	"github.com/goflow-go/goflow/core"
)

// PoolConfig is the config of a [Pool].
type PoolConfig struct {
	// MinWorkers is how many workers are kept once they were started, which is when they are first
	// needed. Defaults to GOMAXPROCS, at most MaxWorkers.
	MinWorkers int `json:"min_workers" yaml:"min_workers" env:"MIN_WORKERS"`
	// MaxWorkers is how many workers there may be: how many tasks run at the same time. With 1, tasks of
	// the same priority begin in the order they were accepted in. Defaults to 64, at least MinWorkers.
	MaxWorkers int `json:"max_workers" yaml:"max_workers" env:"MAX_WORKERS"`
	// Queue is how many tasks may wait for a worker, in total. Defaults to 1024.
	Queue int `json:"queue" yaml:"queue" env:"QUEUE"`
	// Overflow is what becomes of a task when Queue tasks wait already. Defaults to [Block].
	Overflow Overflow `json:"overflow" yaml:"overflow" env:"OVERFLOW"`
	// TaskTimeout is how long a task may run before its context ends, from when it begins, not from
	// when it was submitted. Defaults to 0: no bound.
	TaskTimeout time.Duration `json:"task_timeout" yaml:"task_timeout" env:"TASK_TIMEOUT"`
	// ScaleAfter is how long a task may wait before workers beyond MinWorkers are started: one, then
	// two, four and so on for as long as tasks wait so long. Defaults to 1 ms.
	ScaleAfter time.Duration `json:"scale_after" yaml:"scale_after" env:"SCALE_AFTER"`
	// IdleTimeout is how long a worker beyond MinWorkers stays without a task. Defaults to 10 s.
	IdleTimeout time.Duration `json:"idle_timeout" yaml:"idle_timeout" env:"IDLE_TIMEOUT"`
}

// Validate reports everything that is wrong with c.
func (c PoolConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.MinWorkers >= 0, "MinWorkers", c.MinWorkers, "must not be negative")
	faults.Require(c.MinWorkers <= mostWorkers, "MinWorkers", c.MinWorkers, fmt.Sprintf("must be at most %d", mostWorkers))
	faults.Require(c.MaxWorkers >= 0, "MaxWorkers", c.MaxWorkers, "must not be negative")
	faults.Require(c.MaxWorkers <= mostWorkers, "MaxWorkers", c.MaxWorkers, fmt.Sprintf("must be at most %d", mostWorkers))
	if c.MaxWorkers > 0 {
		faults.Require(c.MinWorkers <= c.MaxWorkers, "MinWorkers", c.MinWorkers, fmt.Sprintf("must be at most MaxWorkers, %d", c.MaxWorkers))
	}
	faults.Require(c.Queue >= 0, "Queue", c.Queue, "must not be negative")
	faults.Require(c.Queue <= maxQueue, "Queue", c.Queue, fmt.Sprintf("must be at most %d", maxQueue))
	faults.Require(c.Overflow <= DropOldest, "Overflow", c.Overflow, "must be one of block, reject, drop_oldest")
	faults.Require(c.TaskTimeout >= 0, "TaskTimeout", c.TaskTimeout, "must not be negative")
	faults.Require(c.ScaleAfter >= 0, "ScaleAfter", c.ScaleAfter, "must not be negative")
	faults.Require(c.IdleTimeout >= 0, "IdleTimeout", c.IdleTimeout, "must not be negative")
	return faults.Err()
}

const (
	mostWorkers = 1 << 20
	maxQueue    = 1 << 26

	defaultMaxWorkers  = 64
	defaultQueue       = 1024
	defaultScaleAfter  = time.Millisecond
	defaultIdleTimeout = 10 * time.Second
)

func (c PoolConfig) withDefaults() PoolConfig {
	orDefault(&c.MaxWorkers, max(defaultMaxWorkers, c.MinWorkers))
	orDefault(&c.MinWorkers, min(runtime.GOMAXPROCS(0), c.MaxWorkers))
	orDefault(&c.Queue, defaultQueue)
	orDefault(&c.ScaleAfter, defaultScaleAfter)
	orDefault(&c.IdleTimeout, defaultIdleTimeout)
	return c
}

// orDefault sets a field that was left at its zero value.
func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Overflow is what a [Pool] does with a task when its queue is full. It reads from and prints as text.
type Overflow uint8

const (
	// Block makes the submitter wait for room.
	Block Overflow = iota
	// Reject answers with a [*FullError].
	Reject
	// DropOldest makes room: of the tasks of the lowest priority that wait, the one that has waited
	// longest never runs. See [WithDropHook].
	DropOldest
)

// String gives the name: block, reject or drop_oldest.
func (o Overflow) String() string {
	switch o {
	case Block:
		return "block"
	case Reject:
		return "reject"
	case DropOldest:
		return "drop_oldest"
	}
	return fmt.Sprintf("Overflow(%d)", uint8(o))
}

// MarshalText gives the name.
func (o Overflow) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a name; an empty one is [Block].
func (o *Overflow) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*o = Block
		return nil
	}
	for k := Block; k <= DropOldest; k++ {
		if string(text) == k.String() {
			*o = k
			return nil
		}
	}
	return fmt.Errorf("sched: overflow %q is not one of block, reject, drop_oldest: %w", text, core.ErrInvalid)
}
