package flowredis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// quota is a rate and a burst, and what the algorithm makes of them. It is immutable.
//
// The quota of the config has version 0. One that was set while limiters run is kept in Redis, under a
// key of its own, with a version that grows; the script of a limiter for all compares it with what its
// caller knows. A keyed limiter's script must not, as in a cluster that key is elsewhere: keyed limiters
// look for it with every heartbeat. A process that knows a quota puts it back when Redis has lost it.
type quota struct {
	rate    limit.Rate
	burst   int
	version int64
	text    any // what Redis keeps of it, "VERSION RATE BURST", or "" for version 0; boxed once
	args    []any
	reader  reader
	most    int // permits that can be had at once: the burst, or what leases leave of it
}

// quotaLife is how long Redis keeps a quota that no one asks about.
const quotaLife = 24 * time.Hour

func (a *algorithm) quota(rate limit.Rate, burst int, version int64, text string) *quota {
	q := &quota{rate: rate, burst: burst, version: version, text: text}
	q.args, q.reader = a.prepare(rate, burst)
	q.most = q.reader.full(1).Limit
	return q
}

// parse reads what Redis keeps.
func (a *algorithm) parse(text string) (*quota, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return nil, errOddQuota
	}
	version, err := strconv.ParseInt(fields[0], 10, 64)
	burst, err2 := strconv.Atoi(fields[2])
	rate, err3 := limit.ParseRate(fields[1])
	if errors.Join(err, err2, err3) != nil || version <= 0 || burst <= 0 {
		return nil, errOddQuota
	}
	if (settings{algorithm: a, rate: rate, burst: burst}).Validate() != nil {
		return nil, errOddQuota
	}
	return a.quota(rate, burst, version, text), nil
}

var errOddQuota = errors.New("the quota kept in redis is none")

// quotaText is a rate and a burst as Redis keeps them.
func quotaText(rate limit.Rate, burst int) string { return fmt.Sprintf("%v %d", rate, burst) }

// learn puts the quota that is known where Redis has an older one or none, and takes up the one that is
// in force then.
func (s *shared) learn(ctx context.Context) error {
	if s.restore != nil {
		return s.restore(ctx)
	}
	q := s.quota.Load()
	return s.exchange(ctx, q.version, quotaText(q.rate, q.burst))
}

// exchange offers a quota and takes up the one in force.
func (s *shared) exchange(ctx context.Context, version int64, offer string) error {
	call := append(quotaScript.call(5), "1", s.quotaKey, version, offer, quotaLife.Milliseconds())
	cmd, err := s.coordinator.run(ctx, quotaScript, asText, call)
	if err != nil {
		return err
	}
	inForce := cmd.(text).Val()
	if inForce == "" {
		return nil
	}
	q, err := s.algorithm.parse(inForce)
	if err == nil {
		s.adopt(ctx, q)
	}
	return err
}

// adopt takes up a quota unless a later one is known.
func (s *shared) adopt(ctx context.Context, q *quota) {
	for {
		known := s.quota.Load()
		if q.version <= known.version {
			return
		}
		if s.quota.CompareAndSwap(known, q) {
			s.inst.quotaChanged(ctx, s.name, q.rate, q.burst)
			return
		}
	}
}

// Quota gives the rate and the burst in force, as far as this process knows.
func (s *shared) Quota() limit.Quota {
	q := s.quota.Load()
	return limit.Quota{Rate: q.rate, Burst: q.burst}
}

// SetRate changes the rate for every process, and returns when it is in force: for a [Limiter] with the
// next decision anywhere, for a [Keyed] within a heartbeat of the others' coordinators, if they are
// started. Permits in use stay in use. It stays until it is set anew, or no process has used the limiter
// for a day; a changed config does not undo it. It is an [*UnavailableError] when Redis cannot be asked:
// then it may, or may not, be in force.
func (s *shared) SetRate(ctx context.Context, rate limit.Rate) error {
	return s.set(ctx, rate, s.quota.Load().burst)
}

// SetBurst changes the burst, as SetRate the rate. Permits in use stay in use, but what is in use above a
// smaller burst is forgotten.
func (s *shared) SetBurst(ctx context.Context, burst int) error {
	q := s.quota.Load()
	if s.algorithm.resize != nil && burst > 0 {
		return s.set(ctx, s.algorithm.resize(q, burst), burst)
	}
	return s.set(ctx, q.rate, burst)
}

// set makes a rate and a burst the quota in force.
func (s *shared) set(ctx context.Context, rate limit.Rate, burst int) error {
	if err := s.validQuota(rate, burst); err != nil {
		return err
	}
	err := s.exchange(ctx, newVersion, quotaText(rate, burst))
	if err == nil {
		return nil
	}
	if cause := ended(ctx); cause != nil {
		return s.canceled(cause)
	}
	return s.coordinator.unavailable(s.name, err)
}

// newVersion asks Redis for the next version.
const newVersion = -1

// lookForQuotas lets every limiter take up what was set elsewhere.
func (c *Coordinator) lookForQuotas(ctx context.Context) {
	for _, s := range c.open() {
		if ctx.Err() != nil || c.Mode() == Degraded {
			return
		}
		_ = s.learn(ctx) // counted, and tried again with the next heartbeat
	}
}
