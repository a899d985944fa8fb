package limittest

import (
	"context"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// subject is a limiter under test, with what is known about it.
type subject struct {
	tb testing.TB
	options
	limiter limit.Limiter
}

func newSubject(tb testing.TB, o options, newLimiter func(rate limit.Rate, burst int) limit.Limiter) *subject {
	tb.Helper()
	return &subject{tb: tb, options: o, limiter: newLimiter(limit.Every(o.interval), o.burst)}
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

// expectation is what must hold in a decision.
type expectation struct {
	ok   bool
	want string
}

// consistent checks what must hold in any decision.
func (s *subject) consistent(n int, d limit.Decision) {
	s.tb.Helper()
	expectations := []expectation{
		{s.surely() <= d.Limit && d.Limit <= s.burst, "Limit is the burst"},
		{0 <= d.Remaining && d.Remaining <= s.burst, "Remaining is from 0 to the burst"},
		{!d.Allowed || d.RetryAfter == 0, "RetryAfter is zero when allowed"},
		{d.RetryAfter >= 0 && d.NextAfter >= 0 && d.ResetAfter >= 0, "no time is below zero"},
	}
	if s.least == 0 {
		expectations = append(expectations, s.exact(n, d)...)
	}
	for _, e := range expectations {
		if !e.ok {
			s.tb.Fatalf("Take(%d) gave %+v, but %s", n, d, e.want)
		}
	}
}

// exact is what must hold in a decision of a limiter that is not approximate.
func (s *subject) exact(n int, d limit.Decision) []expectation {
	return []expectation{
		{s.near(d.Window, s.window()), "Window is the time in which the burst comes back"},
		{d.Allowed || d.RetryAfter > 0, "RetryAfter is above zero when denied"},
		{d.Allowed || s.real || d.Remaining < n, "Remaining is below what was denied"},
		{s.stretch > 0 || d.NextAfter <= s.interval+s.slack(), "NextAfter is at most the time of one permit"},
		{d.NextAfter <= d.ResetAfter, "NextAfter is not after ResetAfter"},
		{d.ResetAfter <= s.refill()+s.slack(), "ResetAfter is at most the time in which all permits come back"},
		{(d.NextAfter > 0) == (d.ResetAfter > 0), "NextAfter and ResetAfter are both zero or both not"},
	}
}

// next is how long after a decision one more permit comes, for as long as time has not passed since.
func (s *subject) next(d taken) time.Duration {
	if s.stretch > 0 {
		return d.NextAfter
	}
	return s.interval
}

// idle is a long time.
func (s *subject) idle() time.Duration {
	if s.real {
		return 3 * s.window()
	}
	return 1_000_000 * s.interval
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
	return s.allowed(s.burst, "a new limiter is full")
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
