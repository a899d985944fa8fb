package sched

import (
	"cmp"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Config is the config of a [Scheduler].
type Config struct {
	// Workers is how many runs and tasks may be under way at the same time. Defaults to 256. What is due
	// while all are busy waits. It must not be set with [WithPool].
	Workers int `json:"workers" yaml:"workers" env:"WORKERS"`
	// Timeout is how long a run of a job may take, from when it starts, unless the job says otherwise; then
	// its context ends. Defaults to 0: no bound.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`
	// MisfireAfter is how late a run may be before its job's misfire rule is asked. Defaults to 1 min.
	MisfireAfter time.Duration `json:"misfire_after" yaml:"misfire_after" env:"MISFIRE_AFTER"`
	// History is how many of its last runs each job remembers. Defaults to 16; a negative value means none.
	History int `json:"history" yaml:"history" env:"HISTORY"`
	// MaxJobs is how many jobs there may be; further ones are refused. Defaults to 100,000.
	MaxJobs int `json:"max_jobs" yaml:"max_jobs" env:"MAX_JOBS"`
	// MaxTimers is how many tasks may wait for their time; further ones are refused. Each takes 40 bytes.
	// Defaults to 10,000,000.
	MaxTimers int `json:"max_timers" yaml:"max_timers" env:"MAX_TIMERS"`
	// ClockCheck is how often the wall clock is looked at, which is how soon a scheduler notices that it
	// was set, or that the machine was suspended. Defaults to 30 s.
	ClockCheck time.Duration `json:"clock_check" yaml:"clock_check" env:"CLOCK_CHECK"`
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	faults.Require(c.Workers >= 0, "Workers", c.Workers, "must not be negative")
	faults.Require(c.Timeout >= 0, "Timeout", c.Timeout, "must not be negative")
	faults.Require(c.MisfireAfter >= 0, "MisfireAfter", c.MisfireAfter, "must not be negative")
	faults.Require(c.History <= maxHistory, "History", c.History, "must be at most 10000")
	faults.Require(c.MaxJobs >= 0, "MaxJobs", c.MaxJobs, "must not be negative")
	faults.Require(c.MaxTimers >= 0, "MaxTimers", c.MaxTimers, "must not be negative")
	faults.Require(c.ClockCheck == 0 || c.ClockCheck >= time.Second, "ClockCheck", c.ClockCheck, "must be at least 1s")
	return faults.Err()
}

const maxHistory = 10_000

func (c Config) withDefaults() Config {
	c.Workers = cmp.Or(c.Workers, 256)
	c.MisfireAfter = cmp.Or(c.MisfireAfter, time.Minute)
	c.History = max(0, cmp.Or(c.History, 16))
	c.MaxJobs = cmp.Or(c.MaxJobs, 100_000)
	c.MaxTimers = cmp.Or(c.MaxTimers, 10_000_000)
	c.ClockCheck = cmp.Or(c.ClockCheck, 30*time.Second)
	return c
}
