package resilience

import (
	"context"
	"math/rand/v2"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Why a breaker changed state.
const (
	reasonFailureRate     = flowconv.BreakerReasonFailureRate
	reasonSlowRate        = flowconv.BreakerReasonSlowRate
	reasonConsecutive     = flowconv.BreakerReasonConsecutive
	reasonWaited          = flowconv.BreakerReasonWaited
	reasonProbeFailed     = flowconv.BreakerReasonProbeFailed
	reasonProbesSucceeded = flowconv.BreakerReasonProbesSucceeded
	reasonForced          = flowconv.BreakerReasonForced
	reasonReset           = flowconv.BreakerReasonReset
)

// change is a change of state to tell of. The zero change is none.
type change struct {
	to     State
	reason string
	held   counts // what the window held before
}

// enter replaces the phase and forgets the window. The caller holds mu, and tells of the change when
// it no longer does.
func (b *Breaker) enter(next phase, now int64, reason string) change {
	c := change{to: next.state, reason: reason, held: b.window.held()}
	next.generation = b.phase.Load().generation + 1
	next.calm = next.state == Closed && b.cfg.SlowCall == 0
	b.streak.Store(0)
	b.window.clear(now)
	b.phase.Store(&next)
	b.entered[next.state].Add(1)
	return c
}

// openPhase is the phase of a breaker that opens now.
func (b *Breaker) openPhase(now int64) phase {
	spread := 1 + b.cfg.Jitter*(2*rand.Float64()-1)
	until := now + int64(float64(b.cfg.OpenFor)*spread)
	return phase{state: Open, until: until, err: &OpenError{Breaker: b.inst.name, State: Open, until: until}}
}

// open opens a breaker that was closed, unless someone else did.
func (b *Breaker) open(from *phase, now int64, reason string) {
	b.mu.Lock()
	var c change
	if b.phase.Load() == from {
		c = b.enter(b.openPhase(now), now, reason)
	}
	b.mu.Unlock()
	b.inst.changed(context.Background(), c)
}

// admit is Admit when the breaker was not closed, or times its calls.
func (b *Breaker) admit(ctx context.Context, p *phase, now int64) (core.Ticket, error) {
	if p.state == Closed {
		return core.Ticket{ID: p.generation, Start: now}, nil
	}
	if !p.mayAdmit(now, b.cfg.Probes) { // no need for the lock
		return b.reject(ctx, p, now)
	}
	b.mu.Lock()
	var c change
	if p = b.phase.Load(); p.state == Open && p.mayAdmit(now, b.cfg.Probes) {
		err := &OpenError{Breaker: b.inst.name, State: HalfOpen}
		c = b.enter(phase{state: HalfOpen, err: err, probes: &probes{}}, now, reasonWaited)
		p = b.phase.Load()
	}
	admitted := p.mayAdmit(now, b.cfg.Probes)
	if admitted && p.state == HalfOpen {
		p.probes.running.Add(1)
	}
	b.mu.Unlock()
	b.inst.changed(ctx, c)
	if !admitted {
		return b.reject(ctx, p, now)
	}
	return core.Ticket{ID: p.generation, Start: now}, nil
}

// mayAdmit reports whether a call could go through.
func (p *phase) mayAdmit(now int64, probes int) bool {
	switch p.state {
	case Open:
		return !p.forced && now >= p.until
	case HalfOpen:
		return p.probes.running.Load() < int64(probes)
	case Closed:
	}
	return true
}

func (b *Breaker) reject(ctx context.Context, p *phase, now int64) (core.Ticket, error) {
	b.rejected.Add(1)
	if b.inst.scope.Traced(ctx) {
		b.inst.rejected(ctx, now, p.state)
	}
	return core.Ticket{}, p.err
}

// probed takes the result of a call that was let through half-open.
func (b *Breaker) probed(t core.Ticket, now int64, r result, slow bool) {
	b.mu.Lock()
	var c change
	if p := b.phase.Load(); p.generation == t.ID && p.state == HalfOpen {
		p.probes.running.Add(-1)
		c = b.settle(p, now, r, slow)
	} else {
		b.stale.Add(1)
	}
	b.mu.Unlock()
	b.inst.changed(context.Background(), c)
}

// settle decides what a probe's result means. The caller holds mu.
func (b *Breaker) settle(p *phase, now int64, r result, slow bool) change {
	if r == ignored {
		b.ignored.Add(1)
		return change{}
	}
	b.count(now, r, slow)
	if r == failed || slow {
		return b.enter(b.openPhase(now), now, reasonProbeFailed)
	}
	if p.probes.succeeded++; p.probes.succeeded >= b.cfg.ProbeSuccesses {
		return b.enter(phase{state: Closed}, now, reasonProbesSucceeded)
	}
	return change{}
}

// ForceOpen rejects all calls until [Breaker.ForceClosed] or [Breaker.Reset]. It makes one event,
// under ctx, whatever the state was.
func (b *Breaker) ForceOpen(ctx context.Context) {
	err := &OpenError{Breaker: b.inst.name, State: Open, forced: b.cfg.OpenFor}
	b.set(ctx, phase{state: Open, forced: true, err: err}, reasonForced)
}

// ForceClosed lets all calls through until [Breaker.ForceOpen] or [Breaker.Reset], however many
// fail. It makes one event, under ctx, whatever the state was.
func (b *Breaker) ForceClosed(ctx context.Context) {
	b.set(ctx, phase{state: Closed, forced: true}, reasonForced)
}

// Reset closes the breaker, forgets what it counted, and lets it open by itself again. It makes one
// event, under ctx, whatever the state was.
func (b *Breaker) Reset(ctx context.Context) { b.set(ctx, phase{state: Closed}, reasonReset) }

func (b *Breaker) set(ctx context.Context, next phase, reason string) {
	b.mu.Lock()
	c := b.enter(next, clock.Now(), reason)
	b.mu.Unlock()
	b.inst.changed(ctx, c)
}
