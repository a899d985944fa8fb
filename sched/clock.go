package sched

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// The wheel goes by the monotonic clock, which stands still while the machine is suspended and does not
// follow when the wall clock is set. wallClock knows by how much the two differ, so that a time of the
// wall clock can be waited for; the scheduler looks now and then whether that has changed.

// wallClock turns times of the wall clock into those of the monotonic one and back.
type wallClock struct {
	read   func() (wall, mono int64) // both at once
	offset atomic.Int64              // wall - mono, as last seen
	looks  sync.Mutex                // held by who may change offset
}

// systemClock reads the machine's clocks.
func systemClock() (wall, mono int64) {
	now := time.Now()
	return now.UnixNano(), int64(now.Sub(clock.Time(0)))
}

func (c *wallClock) init(read func() (wall, mono int64)) {
	c.read = read
	wall, mono := read()
	c.offset.Store(wall - mono)
}

// now is the wall clock's time, as far as known.
func (c *wallClock) now() int64 { return clock.Now() + c.offset.Load() }

func (c *wallClock) time() time.Time { return time.Unix(0, c.now()) }

// mono is when, on the monotonic clock, the wall clock will show wall.
func (c *wallClock) mono(wall int64) int64 {
	if wall == math.MaxInt64 {
		return wall
	}
	return wall - c.offset.Load()
}

// unixNano is t in nanoseconds; what is too far away is never.
func unixNano(t time.Time) int64 {
	switch s := t.Unix(); {
	case s > math.MaxInt64/int64(time.Second)-1:
		return math.MaxInt64
	case s < math.MinInt64/int64(time.Second)+1:
		return math.MinInt64
	}
	return t.UnixNano()
}

const (
	// slack is how late jobs may come to be before they are planned anew.
	slack = 10 * time.Millisecond
	// noise is how far two readings of the clocks differ although nothing happened.
	noise = 100 * time.Microsecond
	// stepped is how far they part when the wall clock was set, or the machine suspended.
	stepped = time.Second
	// corrected is how far a clock set back was wrong, rather than set back for a reason. It is the three
	// hours of ISC cron.
	corrected = 3 * time.Hour
)

// drift is how far the wall clock has gone ahead of where it was expected. A goroutine that is held up
// between reading one clock and the other sees it behind, so what is behind is looked at again.
func (c *wallClock) drift() (d time.Duration) {
	for range 3 {
		wall, mono := c.read()
		if d = time.Duration(wall - mono - c.offset.Load()); d > -noise {
			return d
		}
	}
	return d
}

// look compares the clocks. When the wall clock has fallen behind, jobs whose time the wheel has found
// to have come will find that it has not; when it has gone ahead too far, they are planned anew.
func (s *Scheduler) look() {
	if d := s.wall.drift(); -noise < d && d < slack {
		return
	}
	s.wall.looks.Lock()
	defer s.wall.looks.Unlock()
	d := s.wall.drift()
	if -noise < d && d < slack { // another look was first
		return
	}
	s.wall.offset.Add(int64(d))
	if -stepped < d && d < 0 {
		return
	}
	if d.Abs() > stepped {
		s.scope.Event(context.Background(), log.SeverityWarn, flowconv.EventSchedulerClockStep,
			fmt.Sprintf("scheduler %q: the wall clock moved by %v: set, or the machine was suspended", s.name, d),
			flowconv.SchedulerNameKey.String(s.name), flowconv.SchedulerClockStepKey.Float64(d.Seconds()))
	}
	for _, j := range s.Jobs() {
		j.replan(d)
	}
}

// replan adapts a job to a wall clock that moved by d against the monotonic one.
func (j *Job) replan(d time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.state&waiting == 0 {
		return
	}
	switch p := paceOf(j.trigger); {
	case p == byElapse:
		j.next += int64(d)
	case p == steady && d.Abs() > stepped, d < -corrected:
		j.plan(j.ask(j.scheduler.wall.time()))
	}
	// Otherwise it is due when the clock says so: what was passed over is missed, and what already ran
	// does not run again, since the next time is after it.
	j.arm()
}

// watch looks at the clocks every so often while there are jobs.
type watch struct{}

func (watch) due(s *Scheduler, _ int64, ws []work) []work { // the look was made for the whole batch
	s.watching.Store(false)
	s.ensureWatch()
	return ws
}

// ensureWatch keeps one watch in the wheel as long as it holds jobs.
func (s *Scheduler) ensureWatch() {
	if s.armed.Load() > 0 && s.watching.CompareAndSwap(false, true) {
		s.wheel.At(clock.Now()+int64(s.cfg.ClockCheck), watch{})
	}
}
