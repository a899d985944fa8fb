package resilience_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// reference is a breaker that remembers every call.
type reference struct {
	cfg        resilience.BreakerConfig // all fields set
	generation int
	state      resilience.State
	forced     bool
	origin     time.Time // when this generation began
	until      time.Time
	calls      []call // of this generation
	row        int
	running    int
	succeeded  int

	successes, failures, slow, ignored, rejected, stale int64
}

type call struct {
	at         time.Time
	fail, slow bool
}

// inFlight is a call that has not ended, in both.
type inFlight struct {
	ticket     core.Ticket
	generation int
	start      time.Time
}

func (r *reference) enter(s resilience.State, now time.Time) {
	r.generation++
	r.state, r.forced, r.origin, r.calls, r.row, r.running, r.succeeded = s, false, now, nil, 0, 0, 0
	r.until = now.Add(r.cfg.OpenFor)
}

func (r *reference) admit(now time.Time) bool {
	if r.state == resilience.Open && !r.forced && !now.Before(r.until) {
		r.enter(resilience.HalfOpen, now)
	}
	ok := r.state == resilience.Closed || r.state == resilience.HalfOpen && r.running < r.cfg.Probes
	if !ok {
		r.rejected++
	} else if r.state == resilience.HalfOpen {
		r.running++
	}
	return ok
}

func (r *reference) done(f inFlight, now time.Time, err error) {
	if f.generation != r.generation {
		r.stale++
		return
	}
	r.running--
	if err == context.Canceled {
		r.ignored++
		return
	}
	c := call{now, err != nil, r.cfg.SlowCall > 0 && now.Sub(f.start) >= r.cfg.SlowCall}
	r.calls = append(r.calls, c)
	r.count(c)
	switch {
	case r.state == resilience.HalfOpen && (c.fail || c.slow):
		r.enter(resilience.Open, now)
	case r.state == resilience.HalfOpen:
		if r.succeeded++; r.succeeded >= r.cfg.ProbeSuccesses {
			r.enter(resilience.Closed, now)
		}
	case !r.forced && r.tooMuch(c, now):
		r.enter(resilience.Open, now)
	}
}

func (r *reference) count(c call) {
	if c.fail {
		r.failures++
		r.row++
	} else {
		r.successes++
		r.row = 0
	}
	if c.slow {
		r.slow++
	}
}

func (r *reference) tooMuch(c call, now time.Time) bool {
	if r.cfg.Consecutive > 0 {
		return r.row >= r.cfg.Consecutive
	}
	n, bad, slow := r.window(now)
	return (c.fail || c.slow) && n >= int64(r.cfg.MinCalls) &&
		(float64(bad) >= r.cfg.FailureRate*float64(n) || r.cfg.SlowCall > 0 && float64(slow) >= r.cfg.SlowRate*float64(n))
}

// window counts the calls of this tenth of a window and the nine before it.
func (r *reference) window(now time.Time) (n, bad, slow int64) {
	tenth := func(at time.Time) int64 { return int64(at.Sub(r.origin) / (r.cfg.Window / 10)) }
	for _, c := range r.calls {
		if tenth(c.at) < tenth(now)-9 {
			continue
		}
		n++
		if c.fail {
			bad++
		}
		if c.slow {
			slow++
		}
	}
	return n, bad, slow
}

func (r *reference) stats(now time.Time) resilience.BreakerStats {
	n, bad, slow := r.window(now)
	return resilience.BreakerStats{
		Successes: r.successes, Failures: r.failures, Slow: r.slow,
		Ignored: r.ignored, Rejected: r.rejected, Stale: r.stale,
		State: r.state, Forced: r.forced,
		WindowCalls: n, WindowFailures: bad, WindowSlow: slow,
	}
}

// drawBreaker makes a config without defaults left in it for the reference, and the breaker.
func drawBreaker(t *rapid.T) (*reference, *resilience.Breaker) {
	cfg := resilience.BreakerConfig{
		OpenFor:        rapid.SampledFrom([]time.Duration{1, time.Second, time.Minute}).Draw(t, "open for"),
		Jitter:         -1,
		Probes:         rapid.IntRange(1, 3).Draw(t, "probes"),
		ProbeSuccesses: rapid.IntRange(1, 3).Draw(t, "probe successes"),
	}
	if rapid.IntRange(0, 3).Draw(t, "mode") == 0 {
		cfg.Consecutive = rapid.IntRange(1, 5).Draw(t, "consecutive")
	} else {
		cfg.FailureRate = rapid.SampledFrom([]float64{0.01, 0.3, 0.5, 1}).Draw(t, "failure rate")
		cfg.MinCalls = rapid.IntRange(1, 12).Draw(t, "min calls")
		cfg.Window = rapid.SampledFrom([]time.Duration{10 * time.Millisecond, 10 * time.Second, 7777777777}).Draw(t, "window")
		cfg.SlowCall = rapid.SampledFrom([]time.Duration{0, 0, time.Second}).Draw(t, "slow call")
		if cfg.SlowCall > 0 {
			cfg.SlowRate = rapid.SampledFrom([]float64{0.3, 0.8}).Draw(t, "slow rate")
		}
	}
	b, err := resilience.NewBreaker("payments", cfg)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Window == 0 {
		cfg.Window = 10 * time.Second
	}
	return &reference{cfg: cfg, origin: time.Now()}, b
}

// pair is a breaker and its reference.
type pair struct {
	t       *rapid.T
	ref     *reference
	breaker *resilience.Breaker
	flying  []inFlight
}

func (p *pair) begin() {
	ticket, err := p.breaker.Admit(context.Background())
	if got, want := err == nil, p.ref.admit(time.Now()); got != want {
		p.t.Fatalf("admitted %v (%v), want %v", got, err, want)
	}
	if err == nil {
		p.flying = append(p.flying, inFlight{ticket, p.ref.generation, time.Now()})
	}
}

func (p *pair) end() {
	if len(p.flying) == 0 {
		return
	}
	i := rapid.IntRange(0, len(p.flying)-1).Draw(p.t, "which")
	f := p.flying[i]
	p.flying = append(p.flying[:i], p.flying[i+1:]...)
	err := rapid.SampledFrom([]error{nil, nil, errDown, errDown, context.Canceled}).Draw(p.t, "outcome")
	p.breaker.Done(f.ticket, err)
	p.ref.done(f, time.Now(), err)
}

func (p *pair) step() {
	tenth := p.ref.cfg.Window / 10
	switch rapid.IntRange(0, 20).Draw(p.t, "step") {
	case 0, 1:
		pass(rapid.SampledFrom([]time.Duration{1, tenth - 1, tenth, tenth + 1, 3 * tenth, 9 * tenth, 10 * tenth, 25 * tenth, p.ref.cfg.OpenFor}).Draw(p.t, "pause"))
	case 2, 3:
		pass(time.Duration(rapid.Int64Range(1, int64(3*tenth)).Draw(p.t, "pause")))
	case 4:
		p.force()
	case 5, 6, 7, 8, 9, 10, 11:
		p.begin()
	default:
		p.begin()
		p.end()
	}
	if got := p.breaker.State(); got != p.ref.state {
		p.t.Fatalf("state is %v, want %v", got, p.ref.state)
	}
	if rapid.IntRange(0, 9).Draw(p.t, "look") > 0 {
		return // to look turns the window, which must not be needed
	}
	if got, want := p.breaker.Stats(), p.ref.stats(time.Now()); got != want {
		p.t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func (p *pair) force() {
	ctx, now := context.Background(), time.Now()
	switch rapid.IntRange(0, 3).Draw(p.t, "word") {
	case 0:
		p.breaker.ForceOpen(ctx)
		p.ref.enter(resilience.Open, now)
		p.ref.forced = true
	case 1:
		p.breaker.ForceClosed(ctx)
		p.ref.enter(resilience.Closed, now)
		p.ref.forced = true
	default:
		p.breaker.Reset(ctx)
		p.ref.enter(resilience.Closed, now)
	}
}

// checkInBubbles is rapid.Check with a bubble for each case. (In one bubble for all, its time would
// reach rapid's own deadline.)
func checkInBubbles(t *testing.T, f func(t *rapid.T)) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		var stopped any // rapid ends a case by a panic
		synctest.Test(t, func(*testing.T) {
			defer func() { stopped = recover() }()
			f(r)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}

func TestBreakerEqualsAReferenceThatRemembersEveryCall(t *testing.T) {
	t.Parallel()
	checkInBubbles(t, func(t *rapid.T) {
		ref, b := drawBreaker(t)
		defer b.Close()
		p := &pair{t: t, ref: ref, breaker: b}
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			p.step()
		}
	})
}
