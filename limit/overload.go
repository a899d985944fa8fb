package limit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/label"
	"github.com/goflow-go/goflow/internal/saturation"
	"github.com/goflow-go/goflow/internal/stripe"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Overload admits what the Go runtime of the process has room for. When goroutines wait too long for a
// processor, too much of GOMEMLIMIT is live, or there are too many goroutines, it refuses a part of what
// is offered, and what matters least first (see [WithImportance]): all that is [Sheddable] before
// anything that is [Normal], and [Critical] never, but for the hard limits of its config.
//
// It is the overload control of "Overload Control for Scaling WeChat Microservices" (DAGOR, SoCC 2018)
// inside one process. As there, the signal is how long work stands in line, not how long it takes, so
// slow backends are not mistaken for overload; and one level moves over all importances. How it moves is
// taken from PIE (RFC 8033): with how far the smoothed signal is off, and between three quarters of the
// limit and the limit not at all, so that it settles rather than swings. At least one in twenty of what
// is normal is admitted. From its height, the level is down 1.2 s after the pressure ended.
//
// A decision costs an atomic load and a counter while nothing is refused. The runtime is looked at by
// one goroutine, from NewOverload to Close. All methods are safe for concurrent use. It belongs in front
// of other limits: what it refuses has taken nothing there.
type Overload struct {
	inst    instrument
	metrics points
	near    telemetry.Point
	sample  func() saturation.Sample
	random  func() float64

	shed     atomic.Pointer[shedding] // nil: nothing is refused
	pressure atomic.Uint64            // as bits of a float64

	passed stripe.Counter
	denied stripe.Counter

	stop  func() // ends the goroutine, once
	ended chan struct{}
}

var _ core.Admitter = (*Overload)(nil)

// shedding is what is refused, by importance. It does not change.
type shedding struct {
	shares [Sheddable + 1]float64
	errs   [Sheddable + 1]*OverloadedError
}

// NewOverload makes an overload limit. The name is its telemetry's and its errors'. A wrong config is an
// error that names every field at fault. Close it when it is no longer needed.
func NewOverload(name string, cfg OverloadConfig, opts ...Option) (*Overload, error) {
	return newOverload(name, cfg, saturation.NewSampler().Sample, opts)
}

func newOverload(name string, cfg OverloadConfig, sample func() saturation.Sample, opts []Option) (*Overload, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	stop := make(chan struct{})
	o := &Overload{
		inst:   newInstrument(name, opts),
		sample: sample,
		random: rand.Float64,
		stop:   sync.OnceFunc(func() { close(stop) }),
		ended:  make(chan struct{}),
	}
	o.inst.algorithm = flowconv.LimiterAlgorithmOverload
	o.metrics = o.inst.points()
	o.near = o.inst.point(flowconv.LimiterPressure)
	o.inst.start((*overloadReading)(o))
	mark := label.NewMark("limiter", name)
	go func() {
		mark.Label()
		o.watch(cfg.withDefaults(), stop)
	}()
	return o, nil
}

// Name is the name the limit was made with.
func (o *Overload) Name() string { return o.inst.name }

// Admit lets the caller pass, or returns an [*OverloadedError]. It never blocks.
func (o *Overload) Admit(ctx context.Context) (core.Ticket, error) {
	if !o.inst.scope.Traced(ctx) {
		return core.Ticket{}, o.decide(ctx)
	}
	start := clock.Now()
	err := o.decide(ctx)
	after, _ := core.RetryAfter(err)
	o.inst.trace(ctx, spanAllow, start, observation{n: 1, outcome: outcomeOf(err == nil, 0), retryAfter: after}, nil)
	return core.Ticket{}, err
}

func (o *Overload) decide(ctx context.Context) error {
	if s := o.shed.Load(); s != nil {
		i := min(importanceOf(ctx), Sheddable)
		if share := s.shares[i]; share > 0 && o.random() < share {
			o.denied.Add(1)
			return s.errs[i]
		}
	}
	o.passed.Add(1)
	return nil
}

// Done does nothing: what was admitted shows in the runtime.
func (o *Overload) Done(core.Ticket, error) {}

// Do runs task, or returns an [*OverloadedError].
func (o *Overload) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, o, task) }

// Pressure is how near the runtime is to the limits of the config, smoothed: 1 is at one of them, and
// 4 the most. It is what goflow.limiter.pressure says.
func (o *Overload) Pressure() float64 { return math.Float64frombits(o.pressure.Load()) }

// Rejection is the share of an importance that is refused now.
func (o *Overload) Rejection(i Importance) float64 {
	if s := o.shed.Load(); s != nil {
		return s.shares[min(i, Sheddable)]
	}
	return 0
}

// late counts how late a look comes, for it waited for a processor as well. The runtime times one in
// eight, which can be none of the few goroutines that run when each keeps its processor for long.
func late(s saturation.Sample, by time.Duration) saturation.Sample {
	s.SchedLatencyP99 = max(s.SchedLatencyP99, by)
	return s
}

// watch looks at the runtime until stop, and then leaves nothing refused.
func (o *Overload) watch(cfg OverloadConfig, stop <-chan struct{}) {
	defer close(o.ended)
	ticker := time.NewTicker(cfg.Interval)
	defer ticker.Stop()
	control := overloadControl{cfg: cfg}
	teller := overloadTeller{state: flowconv.LimiterOverloadStateNone}
	last := clock.Now()
	for {
		select {
		case <-stop:
			o.shed.Store(nil)
			o.pressure.Store(0)
			return
		case <-ticker.C:
			now := clock.Now()
			since := time.Duration(now - last)
			control.step(late(o.sample(), since-cfg.Interval), since)
			o.pressure.Store(math.Float64bits(control.pressure))
			o.shed.Store(control.shedding(o.inst.name))
			teller.tell(&o.inst, &control, now)
			last = now
		}
	}
}

// shedding is what is refused, nil when that is nothing.
func (c *overloadControl) shedding(name string) *shedding {
	if c.level == 0 {
		return nil
	}
	s, why := &shedding{}, c.explain()
	for i := range s.shares {
		importance := Importance(i)
		s.shares[i] = c.refusal(importance)
		s.errs[i] = &OverloadedError{Limiter: name, Importance: importance, Reason: why, after: c.retryAfter(importance)}
	}
	return s
}

// Stats reads the counters.
func (o *Overload) Stats() Stats {
	s := Stats{Allowed: o.passed.Load(), Denied: o.denied.Load()}
	s.Permits = s.Allowed
	return s
}

// Close ends the goroutine, waits for it, and takes the limit out of telemetry; its counts stay in its
// kind's totals. From then on it refuses nothing. It is idempotent.
func (o *Overload) Close() {
	o.stop()
	<-o.ended
	o.inst.stop()
}

// String gives the name, the pressure and how much is refused now.
func (o *Overload) String() string {
	return fmt.Sprintf("overload %q: pressure %.2f, rejects %.1f %% of sheddable, %.1f %% of normal, %.1f %% of critical", o.inst.name,
		o.Pressure(), 100*o.Rejection(Sheddable), 100*o.Rejection(Normal), 100*o.Rejection(Critical))
}
