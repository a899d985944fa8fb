package flowredis

import (
	"context"
	"errors"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/limit"
)

// pacing reads the replies of a leaky bucket, of which more may be in use than its burst.
type pacing struct{ ticks }

func (p pacing) decision(reply []int64, n int) (limit.Decision, bool) {
	if len(reply) != 3 || reply[0]|1 != 1 || !within(reply[1], 2*mostTicks) {
		return limit.Decision{}, false
	}
	used, most := reply[1], p.burst*p.permit
	d := p.describe(min(used, most))
	d.Allowed = reply[0] == 1
	d.ResetAfter = p.duration(used)
	if used > most {
		d.NextAfter += p.duration(used - most)
	}
	if !d.Allowed {
		d.RetryAfter = max(p.duration(used+int64(n)*p.permit-most), time.Microsecond)
	}
	return d, true
}

// delay is how long until the last permit in use may leave.
func (p pacing) delay(used int64) time.Duration {
	return p.duration(max(used-p.burst*p.permit, 0))
}

// longestPace is how far ahead permits of a leaky bucket are given out.
const longestPace = 24 * time.Hour

// errNotPaced is why pace did nothing: Redis could not be asked.
var errNotPaced = errors.New("redis cannot be asked for a time to leave")

// pace takes a permit that leaves at a time of its own, and waits for that time: one round trip, however
// many wait. Those of one process ask in order of arrival.
func (l *Limiter) pace(ctx context.Context, start int64, o observation) (observation, error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return l.gaveUp(ctx, start, o)
	}
	q, reply, err := l.askPace(ctx, o.n)
	if err != nil && ended(ctx) != nil {
		return l.gaveUp(ctx, start, o)
	}
	p := q.reader.(pacing)
	d, ok := p.decision(reply, o.n)
	if err != nil || !ok {
		return o, errNotPaced
	}
	o.mode, o.decision = Coordinated, d
	if !d.Allowed {
		return o, l.rejected(d, false)
	}
	o.outcome = outcomeAllowed
	delay := p.delay(reply[1])
	if delay == 0 {
		return o, nil
	}
	if sleep(ctx, delay) != nil {
		l.unpace(ctx, reply, int64(o.n)*p.permit)
		return l.gaveUp(ctx, start, o)
	}
	o.outcome = outcomeDelayed
	l.inst.waited(ctx, time.Duration(clock.Now()-start), nil)
	return o, nil
}

// askPace asks for n permits that come before ctx's deadline, and passes the turn on.
func (l *Limiter) askPace(ctx context.Context, n int) (*quota, []int64, error) {
	defer func() { <-l.turn }()
	patience := longestPace
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(max(time.Until(deadline), 0), longestPace)
	}
	for tries := 1; ; tries++ {
		q := l.quota.Load()
		call := append(l.call(l.target, q, n), patience.Microseconds())
		cmd, err := l.coordinator.runBy(ctx, l.by, l.algorithm.script, asInts, call)
		if err == nil {
			return q, cmd.(ints).Val(), nil
		}
		if err = l.relearn(ctx, tries, err); err != nil {
			return q, nil, err
		}
	}
}

// unpace gives back what a caller took that gave up.
func (l *Limiter) unpace(ctx context.Context, reply []int64, ticks int64) {
	call := append(unpaceScript.call(5), "1", l.target.state, reply[1], reply[2], ticks)
	_, _ = l.coordinator.run(context.WithoutCancel(ctx), unpaceScript, asInts, call) // else its time passes unused
}
