package sched

import (
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/zone"
	"github.com/goflow-go/goflow/sched/cron"
)

// Cron is due when a cron expression says so, by the clocks of a zone: "Europe/Paris", or "" for UTC.
// Expressions have five fields, or six with seconds first; which words they may have, and what happens
// when clocks are set for the summer, stands in package cron. A wrong expression or zone is an error when
// the job is scheduled; cron.Parse says so at once.
func Cron(expr, in string) Trigger {
	loc, err := zone.Load(in)
	if err != nil {
		return &cronTrigger{err: &core.Fault{Field: "zone", Value: in, Want: `must be a time zone such as "Europe/Paris"`}}
	}
	s, err := cron.Parse(expr, loc)
	return &cronTrigger{s, err}
}

type cronTrigger struct {
	*cron.Schedule
	err error
}

func (c *cronTrigger) check() error { return c.err }

func (c *cronTrigger) Next(after time.Time) (time.Time, bool) {
	if c.err != nil {
		return time.Time{}, false
	}
	return c.Schedule.Next(after)
}

// pace is even for expressions that run in every hour.
func (c *cronTrigger) pace() pace {
	if c.err == nil && c.Steady() {
		return steady
	}
	return byWall
}
