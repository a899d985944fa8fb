package sched

import (
	"fmt"
	"math"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Trigger says when a job is due. Next gives the first time after the one given, or false when there is
// none any more. It does not block, and is safe for concurrent use.
//
// A scheduler asks with the time the job was last due, not with the time it ran, so nothing drifts. A
// trigger of your own needs only Next; for the same argument it should give the same answer.
type Trigger interface {
	Next(after time.Time) (time.Time, bool)
}

// pace is which clock a trigger goes by, which matters when the wall clock is set or stands still.
type pace uint8

const (
	byWall   pace = iota // due at times of the wall clock: what was passed over is missed
	steady               // due at even intervals, at round times: planned anew from now on
	byElapse             // due when so much time has passed, whatever the clocks say
)

// paced is a trigger that does not go by the wall clock alone.
type paced interface{ pace() pace }

func paceOf(t Trigger) pace {
	if p, ok := t.(paced); ok {
		return p.pace()
	}
	return byWall
}

// checked is a trigger that may have been made wrongly; what is wrong is said when it is scheduled.
type checked interface{ check() error }

func checkTrigger(t Trigger) error {
	if t == nil {
		return &core.Fault{Field: "trigger", Value: t, Want: "must not be nil"}
	}
	if c, ok := t.(checked); ok {
		return c.check()
	}
	return nil
}

// At is due once, at t.
func At(t time.Time) Trigger { return at(t) }

type at time.Time

func (a at) Next(after time.Time) (time.Time, bool) { return time.Time(a), time.Time(a).After(after) }

func (a at) once() {}

// After is due once, when d has passed since the call. It goes by elapsed time: setting the clock does
// not change it. d must not be negative.
func After(d time.Duration) Trigger { return &elapse{at(time.Now().Add(max(d, 1))), d} }

type elapse struct {
	at
	d time.Duration
}

func (e *elapse) pace() pace { return byElapse }

func (e *elapse) check() error {
	if e.d < 0 {
		return &core.Fault{Field: "After", Value: e.d, Want: "must not be negative"}
	}
	return nil
}

// Every is due at each multiple of d since the Unix epoch: Every(time.Hour) on the hour in UTC. It
// neither drifts nor depends on when it was scheduled, so all processes with the same interval agree on
// when they are due; [Jitter] spreads them. d must be at least 1 ms.
func Every(d time.Duration) Trigger { return EveryFrom(time.Unix(0, 0), d) }

// EveryFrom is due at start and each multiple of d after and before it: EveryFrom(time.Now(), d) for the
// first time in d. d must be at least 1 ms.
func EveryFrom(start time.Time, d time.Duration) Trigger {
	e := &every{d: d}
	if d > 0 {
		e.offset = floorMod(start.Unix()%int64(math.MaxInt64/time.Second)*int64(time.Second)+int64(start.Nanosecond()), int64(d))
	}
	return e
}

// every is due at offset + k*d since the epoch.
type every struct {
	d      time.Duration
	offset int64 // from 0 to d
}

func (e *every) Next(after time.Time) (time.Time, bool) {
	if e.d <= 0 || after.Unix() > maxUnix || after.Unix() < -maxUnix {
		return time.Time{}, false
	}
	return after.Add(e.d - time.Duration(floorMod(after.UnixNano()-e.offset, int64(e.d)))), true
}

func (e *every) pace() pace { return steady }

func (e *every) check() error {
	if e.d < time.Millisecond {
		return &core.Fault{Field: "Every", Value: e.d, Want: "must be at least 1ms"}
	}
	return nil
}

// maxUnix bounds the seconds whose nanoseconds fit into 64 bits, with room for an interval.
const maxUnix = int64(math.MaxInt64/time.Second) / 2

// floorMod is a modulo m, never negative.
func floorMod(a, m int64) int64 { return ((a % m) + m) % m }

// Union is due whenever one of triggers is; once when several are at the same time.
func Union(triggers ...Trigger) Trigger { return union(triggers) }

type union []Trigger

func (u union) Next(after time.Time) (next time.Time, ok bool) {
	for _, t := range u {
		if n, due := t.Next(after); due && (!ok || n.Before(next)) {
			next, ok = n, true
		}
	}
	return next, ok
}

// pace is the wall clock's when that of one of the triggers is.
func (u union) pace() pace {
	p := byElapse
	for _, t := range u {
		p = min(p, paceOf(t))
	}
	return p
}

func (u union) check() error {
	if len(u) == 0 {
		return &core.Fault{Field: "Union", Value: 0, Want: "must have at least one trigger"}
	}
	for i, t := range u {
		if err := checkTrigger(t); err != nil {
			return fmt.Errorf("Union: trigger %d: %w", i+1, err)
		}
	}
	return nil
}
