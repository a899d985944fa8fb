package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// State is a state of a [Breaker].
type State uint8

const (
	// Closed lets calls through.
	Closed State = iota
	// Open rejects calls.
	Open
	// HalfOpen lets a few calls through, to see whether they succeed.
	HalfOpen
)

// String gives the state as telemetry spells it.
func (s State) String() string {
	switch s {
	case Closed:
		return flowconv.BreakerStateClosed
	case Open:
		return flowconv.BreakerStateOpen
	case HalfOpen:
		return flowconv.BreakerStateHalfOpen
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Breaker stops calling what keeps failing. Closed, it lets calls through and counts them over a
// rolling window; when too many of them failed (or were slow), it opens and rejects calls with an
// [*OpenError]. After a while it is half-open: a few calls probe, and their outcome closes it or opens
// it again. It looks at the rate whenever a call fails or is slow, so it opens with the call that
// reaches the rate, never with one that succeeds in time.
//
// It is a core.Admitter: most callers want [Breaker.Do], or core.Call for a value. All methods are
// safe for concurrent use. A call in the closed state that succeeds reads no clock, takes no lock and
// allocates nothing, and so does a rejection but for one clock reading. It starts no goroutine;
// while it counts, a timer fires ten times a window.
//
// A call that ends in another state than it began in, or after an operator's word, belongs to an
// older generation: it is counted as stale and decides nothing.
type Breaker struct {
	cfg       BreakerConfig
	isFailure func(error) bool
	inst      instrument
	metrics   breakerPoints

	// window.good counts successes, bad failures, extra slow calls.
	window   window
	rejected stripe.Counter
	ignored  atomic.Int64
	stale    atomic.Int64
	entered  [HalfOpen + 1]atomic.Int64

	mu sync.Mutex // held to replace phase

	_      [64]byte // what follows is read by every call, and written seldom
	phase  atomic.Pointer[phase]
	streak atomic.Int64 // in consecutive mode: failures since the last success
	_      [64]byte
}

// phase is a stay in a state. It is never changed in place, but for its probes.
//
// A result is of the phase whose generation its ticket holds. Who finds his own generation in phase
// and counts may be overtaken by a change between the two; his result then counts in the window of
// a later generation. That takes a goroutine that stands still between two instructions for as long
// as the breaker is open, or an operator's word at the same moment, and moves one call.
type phase struct {
	generation uint64
	state      State
	calm       bool  // closed, and no call is timed
	forced     bool  // an operator's word: no call changes it
	until      int64 // open: when a probe may come
	err        *OpenError
	probes     *probes // half-open
}

// probes are the calls of a half-open phase.
type probes struct {
	running   atomic.Int64 // written under mu
	succeeded int          // under mu
}

// NewBreaker makes a closed breaker. The name is its telemetry's and its errors'. A wrong config is
// an error that names every field at fault. Close it when it is no longer needed.
func NewBreaker(name string, cfg BreakerConfig, opts ...Option) (*Breaker, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	b := &Breaker{cfg: cfg.withDefaults(), isFailure: o.isFailure, inst: newInstrument(name, flowconv.BreakerNameKey, o)}
	b.metrics = b.inst.breakerPoints()
	b.window.init(b.cfg.Window)
	b.phase.Store(&phase{generation: 1, state: Closed, calm: cfg.SlowCall == 0})
	b.inst.start(breakers, (*breakerReading)(b))
	return b, nil
}

// Name is the name the breaker was made with.
func (b *Breaker) Name() string { return b.inst.name }

// Do runs task when the breaker lets it through, and returns its error or an [*OpenError]. When
// task panics, or ends its goroutine, that is a failure, and the panic goes on.
func (b *Breaker) Do(ctx context.Context, task core.Task) error {
	return core.Guard(ctx, b, task)
}

// Admit lets a call through, or returns an [*OpenError]. It never blocks.
func (b *Breaker) Admit(ctx context.Context) (core.Ticket, error) {
	p := b.phase.Load()
	if p.calm {
		return core.Ticket{ID: p.generation}, nil
	}
	return b.admit(ctx, p, clock.Now())
}

// Done tells what became of a call. The ticket is Admit's.
func (b *Breaker) Done(t core.Ticket, err error) {
	p := b.phase.Load()
	if err == nil && p.calm && p.generation == t.ID && b.streak.Load() == 0 && b.window.running() {
		b.window.good.Add(1)
		return
	}
	b.done(p, t, b.judge(err))
}

// result is what a call's error says.
type result uint8

const (
	succeeded result = iota
	failed
	ignored
)

// judge sorts an error. One over which isFailure, or its own Is, panics is a failure.
func (b *Breaker) judge(err error) (r result) {
	if err == nil {
		return succeeded
	}
	defer func() {
		if recover() != nil {
			r = failed
		}
	}()
	switch {
	case errors.Is(err, core.ErrAborted):
		return failed
	case errors.Is(err, context.Canceled), errors.Is(err, core.ErrRejected), errors.Is(err, core.ErrInvalid):
		return ignored
	case b.isFailure == nil || b.isFailure(err):
		return failed
	}
	return succeeded
}

// done counts a result that the fast path of Done does not.
func (b *Breaker) done(p *phase, t core.Ticket, r result) {
	now := clock.Now()
	slow := b.cfg.SlowCall > 0 && now-t.Start >= int64(b.cfg.SlowCall)
	switch {
	case p.generation != t.ID:
		b.stale.Add(1)
	case r == ignored && p.state == Closed:
		b.ignored.Add(1)
	case p.state == Closed:
		b.count(now, r, slow)
		b.look(p, now, r, slow)
	default:
		b.probed(t, now, r, slow)
	}
}

// count notes a call in the window.
func (b *Breaker) count(now int64, r result, slow bool) {
	b.window.turn(now)
	if slow {
		b.window.extra.Add(1)
	}
	if r == failed {
		b.window.bad.Add(1)
	} else {
		b.window.good.Add(1)
	}
}

// look opens the breaker when a call that has just been counted was one too many.
func (b *Breaker) look(p *phase, now int64, r result, slow bool) {
	if p.forced {
		return
	}
	if b.cfg.Consecutive > 0 {
		if r == succeeded {
			b.streak.Store(0)
		} else if b.streak.Add(1) >= int64(b.cfg.Consecutive) {
			b.open(p, now, reasonConsecutive)
		}
		return
	}
	if r == succeeded && !slow {
		return
	}
	held := b.window.held()
	calls := float64(held.calls())
	switch {
	case held.calls() < int64(b.cfg.MinCalls):
	case float64(held.bad) >= b.cfg.FailureRate*calls:
		b.open(p, now, reasonFailureRate)
	case b.cfg.SlowCall > 0 && float64(held.extra) >= b.cfg.SlowRate*calls:
		b.open(p, now, reasonSlowRate)
	}
}

// State is the state now. An open breaker whose time is up is open until the next call, which
// makes it half-open.
func (b *Breaker) State() State { return b.phase.Load().state }

// Close takes the breaker out of telemetry; its counts stay in its kind's totals. It goes on
// working, but is not counted there. It is idempotent.
func (b *Breaker) Close() {
	b.window.close()
	b.inst.stop()
}

// String gives the name and the state.
func (b *Breaker) String() string { return fmt.Sprintf("breaker %q: %v", b.inst.name, b.State()) }
