package limittest

import (
	"context"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
)

const (
	burst = 5
	// steps is how many resolutions are between permits.
	steps = 20
)

// subject is a limiter under test, with what is known about it.
type subject struct {
	tb testing.TB
	options
	limiter  limit.Limiter
	interval time.Duration
}

func newSubject(tb testing.TB, o options, newLimiter func(rate limit.Rate, burst int) limit.Limiter) *subject {
	tb.Helper()
	s := &subject{tb: tb, options: o, interval: intervalOf(o)}
	s.limiter = newLimiter(limit.Every(s.interval), burst)
	return s
}

func intervalOf(o options) time.Duration {
	if o.real {
		return steps * o.resolution
	}
	return 100 * time.Millisecond
}

// taken is a decision, and when it was made.
type taken struct {
	limit.Decision
	before, after time.Time
}

// take asks for n permits, and checks that the answer is consistent.
func (s *subject) take(n int) taken {
	s.tb.Helper()
	before := time.Now()
	d, err := s.limiter.Take(context.Background(), n)
	if err != nil {
		s.tb.Fatalf("Take(%d): %v", n, err)
	}
	s.consistent(n, d)
	return taken{d, before, time.Now()}
}

// consistent checks what must hold in any decision.
func (s *subject) consistent(n int, d limit.Decision) {
	s.tb.Helper()
	window := burst * s.interval
	for _, c := range []struct {
		ok   bool
		want string
	}{
		{d.Limit == burst, "Limit is the burst"},
		{s.near(d.Window, window), "Window is the time in which the burst comes back"},
		{0 <= d.Remaining && d.Remaining <= burst, "Remaining is from 0 to the burst"},
		{!d.Allowed || d.RetryAfter == 0, "RetryAfter is zero when allowed"},
		{d.Allowed || d.RetryAfter > 0, "RetryAfter is above zero when denied"},
		{d.Allowed || s.real || d.Remaining < n, "Remaining is below what was denied"},
		{d.NextAfter >= 0 && d.NextAfter <= s.interval+s.slack(), "NextAfter is at most the time of one permit"},
		{d.NextAfter <= d.ResetAfter, "NextAfter is not after ResetAfter"},
		{d.ResetAfter >= 0 && d.ResetAfter <= window+s.slack(), "ResetAfter is at most Window"},
		{(d.NextAfter > 0) == (d.ResetAfter > 0), "NextAfter and ResetAfter are both zero or both not"},
	} {
		if !c.ok {
			s.tb.Fatalf("Take(%d) gave %+v, but %s", n, d, c.want)
		}
	}
}

// slack is how far a time may be off.
func (s *subject) slack() time.Duration {
	if s.real {
		return s.resolution
	}
	return 0
}

func (s *subject) near(got, want time.Duration) bool {
	return got >= want-s.slack() && got <= want+s.slack()
}

// allowed takes n permits that must be there.
func (s *subject) allowed(n int, why string) taken {
	s.tb.Helper()
	d := s.take(n)
	if !d.Allowed {
		s.tb.Fatalf("%s: Take(%d) was denied: %+v", why, n, d.Decision)
	}
	return d
}

// denied asks for n permits that must not be there, if it is asked soon after since.
func (s *subject) denied(n int, since time.Time, within time.Duration, why string) taken {
	s.tb.Helper()
	d := s.take(n)
	if d.Allowed && d.after.Sub(since) < within {
		s.tb.Fatalf("%s: Take(%d) was allowed: %+v", why, n, d.Decision)
	}
	return d
}

// drain takes all there is, and gives the last decision.
func (s *subject) drain() taken {
	s.tb.Helper()
	return s.allowed(burst, "a new limiter is full")
}

// probe checks that n permits come when after d has passed since then, and not before. What is asked
// for before is denied, so it changes nothing.
func (s *subject) probe(n int, at taken, after time.Duration, name string) {
	s.tb.Helper()
	early := s.resolution
	if s.real {
		early = 3 * s.resolution
	}
	pause(time.Until(at.before.Add(after - early)))
	if s.denied(n, at.before, after-s.slack(), "before "+name+" ("+after.String()+")").Allowed {
		return // in real time we came too late to see it denied
	}
	pause(time.Until(at.after.Add(after + s.slack())))
	s.allowed(n, "at "+name+" ("+after.String()+")")
}

// pause lets time pass.
func pause(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
