package flowredis

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/limit"
)

// shared is what a [Limiter] and a [Keyed] have in common: the limit that processes share.
type shared struct {
	name        string
	coordinator *Coordinator
	algorithm   *algorithm
	fallback    Fallback
	inst        instrument
	metrics     limiterPoints
	tally       tally

	quota    atomic.Pointer[quota]
	quotaKey any   // where Redis keeps a quota that was set; boxed once
	reach    bool  // the script can look there
	share    share // of this process, while Redis cannot be asked
	by       carrier
	denials  *denials // nil when they are not cached
	leases   *lessees // nil when every decision is made in Redis

	restore func(context.Context) error // puts back what a script lacked; nil when that is the quota
	alone   func(*quota) *quota         // what processes share without Redis; nil for all of the quota
	witness func() witness              // what a script is told of its server's clock; nil for nothing
}

// target is what a decision is about.
type target struct {
	state any    // the key in Redis
	user  string // the key of a keyed limiter
}

func (s *shared) init(name string, c *Coordinator, set settings, opts []Option) error {
	var faults core.Faults
	faults.Require(c != nil, "coordinator", c, "must not be nil")
	if err := core.Configure(pkg, name, errors.Join(faults.Err(), set.Validate())); err != nil {
		return err
	}
	s.name, s.coordinator, s.algorithm, s.fallback = name, c, set.algorithm, set.fallback
	s.inst = newInstrument(opts)
	s.by = c.alone
	if set.batch {
		s.by = c.batches.process
	}
	if set.lease > 0 {
		s.leases = newLessees(s, set.maxKeys)
	}
	s.quota.Store(set.algorithm.quota(set.rate, set.burst, 0, ""))
	s.metrics = newLimiterPoints(name, set.algorithm.name)
	return nil
}

// open lets the limiter be read, and learn of changed quotas.
func (s *shared) open() {
	s.inst.startLimiter((*limiterReading)(s), limiterAttributes(s.name, s.algorithm.name))
	s.coordinator.mu.Lock()
	s.coordinator.limiters[s] = struct{}{}
	s.coordinator.mu.Unlock()
}

// Name is the name the limiter was made with.
func (s *shared) Name() string { return s.name }

// Close takes the limiter out of telemetry; its counts stay in its kind's totals. Decisions made
// afterwards are as right as before, but not counted there. What Redis holds of it expires. It is
// idempotent.
func (s *shared) Close() {
	s.coordinator.mu.Lock()
	delete(s.coordinator.limiters, s)
	s.coordinator.mu.Unlock()
	s.inst.stop()
	s.returnLeases()
	s.share.close()
}

// returnLeases gives back what is leased and was not used.
func (s *shared) returnLeases() {
	if s.leases != nil {
		s.leases.close()
	}
}

// validQuota checks a rate and a burst given to a running limiter.
func (s *shared) validQuota(rate limit.Rate, burst int) error {
	var faults core.Faults
	faults.Require(burst != 0, "Burst", burst, "must be above 0")
	set := settings{algorithm: s.algorithm, rate: rate, burst: burst}
	return core.Configure(pkg, s.name, errors.Join(faults.Err(), set.Validate()))
}

// permits checks a number of permits.
func (s *shared) permits(n int) error {
	if most := s.quota.Load().most; n <= 0 || n > most {
		return &limit.PermitsError{Limiter: s.name, Permits: n, Burst: most}
	}
	return nil
}

// decide makes a decision, in Redis or by the fallback. It does not count.
func (s *shared) decide(ctx context.Context, t target, n int) (limit.Decision, Mode, error) {
	if cause := ended(ctx); cause != nil {
		return limit.Decision{}, Coordinated, s.canceled(cause)
	}
	if err := s.permits(n); err != nil {
		return limit.Decision{}, Coordinated, err
	}
	d, err := s.askOrLease(ctx, t, n)
	if err == nil {
		return d, Coordinated, nil
	}
	if cause := ended(ctx); cause != nil {
		return limit.Decision{}, Coordinated, s.canceled(cause)
	}
	d, err = s.fallBack(ctx, t, n, err)
	return d, Degraded, err
}

func (s *shared) canceled(cause error) error {
	return &CanceledError{Instance: s.name, Err: cause}
}

var errOddReply = errors.New("the script's reply is none of its own")

// learnings is how often a decision may find that the quota is another.
const learnings = 3

func (s *shared) askOrLease(ctx context.Context, t target, n int) (limit.Decision, error) {
	if s.leases != nil {
		return s.leases.take(ctx, t, n)
	}
	return s.ask(ctx, t, n)
}

// ask makes a decision in Redis.
func (s *shared) ask(ctx context.Context, t target, n int) (limit.Decision, error) {
	for tries := 1; ; tries++ {
		q := s.quota.Load()
		if d, ok := s.recall(t, q, n); ok {
			return d, nil
		}
		asked := clock.Now()
		cmd, err := s.coordinator.runBy(ctx, s.by, s.algorithm.script, asInts, s.call(t, q, n))
		if err == nil {
			d, ok := q.reader.decision(cmd.(ints).Val(), n)
			if !ok {
				return d, errOddReply
			}
			s.note(t, q, n, asked, d)
			return d, nil
		}
		if err = s.relearn(ctx, tries, err); err != nil {
			return limit.Decision{}, err
		}
	}
}

// relearn learns of another quota if that is why a script failed; otherwise it gives the error.
func (s *shared) relearn(ctx context.Context, tries int, err error) error {
	if !otherQuota(err) || tries == learnings {
		return err
	}
	return s.learn(ctx)
}

// recall gives a denial that is known to hold.
func (s *shared) recall(t target, q *quota, n int) (limit.Decision, bool) {
	if s.denials == nil {
		return limit.Decision{}, false
	}
	return s.denials.recall(t.user, q, n)
}

func (s *shared) note(t target, q *quota, n int, asked int64, d limit.Decision) {
	if s.denials != nil && !d.Allowed {
		s.denials.note(t.user, q, n, asked, d)
	}
}

// call is what the script is sent.
func (s *shared) call(t target, q *quota, n int) []any {
	call := append(append(s.keys(t, 4+len(q.args)), q.text, n), q.args...)
	if s.witness != nil {
		looked := s.witness()
		call = append(call, looked.era, looked.least)
	}
	return call
}

// keys is a call with its keys, and room for so many arguments.
func (s *shared) keys(t target, room int) []any {
	call := s.algorithm.script.call(3 + room)
	if s.reach {
		return append(call, "2", t.state, s.quotaKey)
	}
	return append(call, "1", t.state)
}

// fallBack makes a decision without Redis, because of cause.
func (s *shared) fallBack(ctx context.Context, t target, n int, cause error) (limit.Decision, error) {
	s.coordinator.fallbacks[s.fallback].Add(1)
	q := s.quota.Load()
	if s.alone != nil {
		q = s.alone(q)
	}
	switch s.fallback {
	case FailClosed:
		return limit.Decision{}, s.coordinator.unavailable(s.name, cause)
	case FailOpen:
		return q.reader.full(n), nil
	case FallbackLocal:
	}
	return s.share.take(ctx, s, q, t.user, n)
}
