package limit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Throttle has a client reject by itself what its backend would reject anyway, so that a backend with
// too much to do is not kept busy with saying so. Use it as a policy around calls to the backend,
// inside a retry.
//
// It is the client-side throttling of "Handling Overload" in the book Site Reliability Engineering: of
// the requests in the window, the backend accepted some; the next one is rejected with a probability of
// (requests - K*accepts) / (requests + 1), when that is above zero. A request is counted when it has
// ended, or was rejected here. It was accepted unless it failed with overload (see [WithOverload]).
//
// The probability is computed anew every 1/1,200 of the window, 100 ms by default. All methods are safe
// for concurrent use. It starts no goroutine.
type Throttle struct {
	inst     instrument
	metrics  points
	overload func(error) bool
	random   func() float64
	factor   float64
	most     float64
	least    int64
	tick     int64 // ns between two computations

	mu       sync.Mutex      // of who computes
	history  throttleHistory // guarded by mu
	rejected atomic.Pointer[ThrottledError]

	_         [64]byte
	next      atomic.Int64  // when to compute again
	threshold atomic.Uint64 // the probability, as bits of a float64
	_         [64]byte

	passed   stripe.Counter // admitted
	denied   stripe.Counter // rejected here
	ended    stripe.Counter // admitted ones that ended
	accepted stripe.Counter // those of them that were accepted
}

var _ core.Admitter = (*Throttle)(nil)

// NewThrottle makes a throttle. The name is its telemetry's and its errors'. A wrong config is an error
// that names every field at fault. Close it when it is no longer needed.
func NewThrottle(name string, cfg ThrottleConfig, opts ...Option) (*Throttle, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	t := &Throttle{
		inst:     newInstrument(name, opts),
		overload: newOptions(opts).overload,
		random:   rand.Float64,
		factor:   cfg.K,
		most:     cfg.MaxRejection,
		least:    int64(cfg.MinRequests),
		tick:     int64(cfg.Window) / historySize,
	}
	t.inst.algorithm = flowconv.LimiterAlgorithmThrottle
	t.metrics = t.inst.points()
	t.history.at = clock.Now()
	t.next.Store(t.history.at + t.tick)
	t.inst.start((*throttleReading)(t))
	return t, nil
}

// Name is the name the throttle was made with.
func (t *Throttle) Name() string { return t.inst.name }

// Admit lets the caller pass, or returns a [*ThrottledError]. It never blocks.
func (t *Throttle) Admit(ctx context.Context) (core.Ticket, error) {
	now := clock.Now()
	err := t.decide(now)
	if t.inst.scope.Traced(ctx) {
		t.inst.trace(ctx, spanAllow, now, observation{n: 1, outcome: outcomeOf(err == nil, 0)}, nil)
	}
	return core.Ticket{}, err
}

func (t *Throttle) decide(now int64) error {
	if now >= t.next.Load() {
		t.compute(now)
	}
	if p := t.Rejection(); p > 0 && t.random() < p {
		t.denied.Add(1)
		return t.rejected.Load()
	}
	t.passed.Add(1)
	return nil
}

// Done counts the outcome of what was let pass.
func (t *Throttle) Done(_ core.Ticket, err error) {
	t.ended.Add(1)
	if err == nil || !t.overload(err) {
		t.accepted.Add(1)
	}
}

// Do runs task, or returns a [*ThrottledError].
func (t *Throttle) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, t, task) }

// Rejection is the probability with which the next request is rejected.
func (t *Throttle) Rejection() float64 { return math.Float64frombits(t.threshold.Load()) }

// compute gives the window up to now and the probability that follows from it.
func (t *Throttle) compute(now int64) {
	if !t.mu.TryLock() {
		return // someone else does
	}
	defer t.mu.Unlock()
	accepts := t.accepted.Load() // first, as it is counted last: so it is never more than the requests
	requests := t.ended.Load() + t.denied.Load()
	past := t.history.advance(now, t.tick, throttled{requests, accepts})
	requests, accepts = requests-past.requests, max(accepts-past.accepts, 0)
	p := 0.0
	if requests >= t.least {
		p = min(max((float64(requests)-t.factor*float64(accepts))/float64(requests+1), 0), t.most)
	}
	if p > 0 {
		t.rejected.Store(&ThrottledError{Limiter: t.inst.name, Requests: requests, Accepts: accepts})
	}
	t.threshold.Store(math.Float64bits(p))
	t.next.Store(t.history.at + t.tick)
}

// Stats reads the counters.
func (t *Throttle) Stats() Stats {
	s := Stats{Allowed: t.passed.Load(), Denied: t.denied.Load()}
	s.Permits = s.Allowed
	return s
}

// Close takes the throttle out of telemetry; its counts stay in its kind's totals. It goes on to work
// as before, but is not counted there. It is idempotent.
func (t *Throttle) Close() { t.inst.stop() }

// String gives the name and how much is rejected now.
func (t *Throttle) String() string {
	return fmt.Sprintf("throttle %q: rejects %.1f %%", t.inst.name, 100*t.Rejection())
}

// throttleReading is how a Throttle is read at collection.
type throttleReading Throttle

func (t *throttleReading) Observe(o *telemetry.Observer) {
	s := (*Throttle)(t).Stats()
	o.Observe(&t.metrics.decisions[outcomeAllowed], s.Allowed)
	o.Observe(&t.metrics.decisions[outcomeDenied], s.Denied)
}
