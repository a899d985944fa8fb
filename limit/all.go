package limit

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// All is several limiters as one: permits of all of them, or of none. What some gave before another
// denied is given back, exactly.
//
// They are asked in the order given, all of them, so that RetryAfter is when the same request would be
// allowed by all. All but one must be a [Refunder]; the other is asked last, and only when no one
// denied. A request that is denied holds, for the time it is being decided, permits of those that
// allowed it: a request decided at the same time may be denied because of it, none is ever allowed too
// much. The limiters may be used by others, and by other Alls. All methods are safe for concurrent use.
// Under a recording parent a decision is one span, not one for each limiter of this package.
type All struct{ together }

// NewAll makes one limiter of several, 1 to 8. The name is its telemetry's. The error says which limiter
// cannot be among them. Close it when it is no longer needed; the limiters remain yours to close.
func NewAll(name string, limiters []Limiter, opts ...Option) (*All, error) {
	parts := make([]part, 0, len(limiters))
	for _, l := range limiters {
		parts = append(parts, partOf(l))
	}
	a := &All{}
	if err := a.init(name, parts, opts); err != nil {
		return nil, err
	}
	return a, nil
}

// Allow takes a permit of each limiter if all have one. It does not wait for permits.
func (a *All) Allow(ctx context.Context) bool { return a.AllowN(ctx, 1) }

// AllowN takes n permits of each limiter if all have so many. It does not wait for permits. It is false
// where [All.Take] gives an error.
func (a *All) AllowN(ctx context.Context, n int) bool {
	d, err := a.take(ctx, spanAllow, "", n)
	return err == nil && d.Allowed
}

// Take takes n permits of each limiter if all have so many, and describes the decision of the one that
// is tightest: the longest RetryAfter when denied, the fewest Remaining otherwise. It does not wait for
// permits. The error is the first of a limiter's; then too none has given any.
func (a *All) Take(ctx context.Context, n int) (Decision, error) { return a.take(ctx, spanTake, "", n) }

// AllKeyed is [All] for each key. [Shared] lets a limiter for all keys be among its limiters.
type AllKeyed struct{ together }

// NewAllKeyed makes one keyed limiter of several, as [NewAll] does.
func NewAllKeyed(name string, limiters []KeyedLimiter, opts ...Option) (*AllKeyed, error) {
	parts := make([]part, 0, len(limiters))
	for _, l := range limiters {
		parts = append(parts, keyedPartOf(l))
	}
	a := &AllKeyed{}
	if err := a.init(name, parts, opts); err != nil {
		return nil, err
	}
	return a, nil
}

// Allow is [All.Allow] for key.
func (a *AllKeyed) Allow(ctx context.Context, key string) bool { return a.AllowN(ctx, key, 1) }

// AllowN is [All.AllowN] for key.
func (a *AllKeyed) AllowN(ctx context.Context, key string, n int) bool {
	d, err := a.take(ctx, spanAllow, key, n)
	return err == nil && d.Allowed
}

// Take is [All.Take] for key.
func (a *AllKeyed) Take(ctx context.Context, key string, n int) (Decision, error) {
	return a.take(ctx, spanTake, key, n)
}

// Shared makes a keyed limiter of one that does not care for keys, for [NewAllKeyed].
func Shared(l Limiter) KeyedLimiter { return shared{l} }

type shared struct{ limiter Limiter }

func (s shared) Take(ctx context.Context, _ string, n int) (Decision, error) {
	return s.limiter.Take(ctx, n)
}

// maxParts is how many limiters an All has at most.
const maxParts = 8

// together is what All and AllKeyed are.
type together struct {
	inst    instrument
	metrics points
	parts   []part
	first   bool // the first that allows is enough

	allowed, denied, permits stripe.Counter
}

func (a *together) init(name string, parts []part, opts []Option) error {
	if err := validParts(name, parts, a.first); err != nil {
		return err
	}
	a.parts, a.inst = parts, newInstrument(name, opts)
	a.inst.algorithm = flowconv.LimiterAlgorithmAny
	if !a.first {
		a.parts, a.inst.algorithm = order(parts), flowconv.LimiterAlgorithmAll
	}
	a.metrics = a.inst.points()
	a.inst.start((*togetherReading)(a))
	return nil
}

// take decides and traces.
func (a *together) take(ctx context.Context, verb, key string, n int) (Decision, error) {
	start := clock.Now()
	d, err := a.decide(ctx, start, key, n)
	if a.inst.scope.Traced(ctx) {
		a.inst.trace(ctx, verb, start, observation{
			n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter, key: key,
		}, err)
	}
	return d, err
}

// decide asks and counts.
func (a *together) decide(ctx context.Context, now int64, key string, n int) (Decision, error) {
	var receipts [maxParts]Receipt
	var d Decision
	var asked int // of whom what was given is to be given back
	var err error
	if a.first {
		d, err = a.askFirst(ctx, now, key, n)
	} else {
		d, asked, err = a.ask(ctx, now, key, n, &receipts)
	}
	if err == nil && d.Allowed {
		a.allowed.Add(1)
		a.permits.Add(int64(n))
		return d, nil
	}
	for i := asked - 1; i >= 0; i-- {
		if r := receipts[i]; r.Permits > 0 {
			a.parts[i].refund(ctx, r)
		}
	}
	a.denied.Add(1)
	return d, err
}

// ask asks until an error, and gives the tightest decision and how many were asked.
func (a *together) ask(
	ctx context.Context, now int64, key string, n int, receipts *[maxParts]Receipt,
) (d Decision, asked int, err error) {
	for i, p := range a.parts {
		if i > 0 && !d.Allowed && !p.refundable() {
			break
		}
		next, r, err := p.take(ctx, now, key, n)
		if err != nil {
			return Decision{}, i, err
		}
		receipts[i], asked = r, i+1
		if i == 0 || next.tighter(d) {
			d = next
		}
	}
	return d, asked, nil
}

// tighter says whether d says more about what can be had than other.
func (d Decision) tighter(other Decision) bool {
	if d.Allowed != other.Allowed {
		return !d.Allowed
	}
	if !d.Allowed {
		return d.RetryAfter > other.RetryAfter
	}
	return d.Remaining < other.Remaining
}

// Name is the name it was made with.
func (a *together) Name() string { return a.inst.name }

// Stats reads the counters: those of the decisions made here. Of the rest, each limiter has its own.
func (a *together) Stats() Stats {
	return Stats{Allowed: a.allowed.Load(), Denied: a.denied.Load(), Permits: a.permits.Load()}
}

// Close takes it out of telemetry; its counts stay in its kind's totals. It is idempotent, and does not
// close the limiters.
func (a *together) Close() { a.inst.stop() }

// String gives the name and the number of limiters.
func (a *together) String() string {
	if a.first {
		return fmt.Sprintf("any of %d limiters %q", len(a.parts), a.inst.name)
	}
	return fmt.Sprintf("all of %d limiters %q", len(a.parts), a.inst.name)
}

// togetherReading is how it is read at collection.
type togetherReading together

func (a *togetherReading) Observe(o *telemetry.Observer) {
	s := (*together)(a).Stats()
	o.Observe(&a.metrics.decisions[outcomeAllowed], s.Allowed)
	o.Observe(&a.metrics.decisions[outcomeDenied], s.Denied)
	o.Observe(&a.metrics.permits, s.Permits)
}
