package flowredis

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// gate keeps callers away from a Redis that does not answer, so that they do not wait a budget each
// time. Failures in a row shut it. Shut, it lets one call at a time through to probe, after a while
// that is random, so that processes do not probe together, and grows. A probe that is answered opens
// it: first to a share of the calls, which grows to all of them, so that a server that has just come
// back does not meet everyone at once.
//
// A call that began before the gate last moved says nothing any more.
type gate struct {
	moved func(to Mode, cause error) // called without the lock, once a change of mode

	mu       sync.Mutex // held to replace phase
	phase    atomic.Pointer[phase]
	failures atomic.Int64 // in a row
}

// phase is one stay of the gate in a state. It is never changed in place.
type phase struct {
	state gateState
	until int64         // shut: when to probe; ramping: when it is open
	wait  time.Duration // shut: at most how long
}

type gateState uint8

const (
	open gateState = iota
	shut
	probing
	ramping
)

const (
	failuresToShut = 3
	firstWait      = 500 * time.Millisecond // at most, and half of it at least
	longestWait    = time.Second
	rampTime       = 500 * time.Millisecond
)

func newGate(moved func(to Mode, cause error)) *gate {
	g := &gate{moved: moved}
	g.phase.Store(&phase{state: open})
	return g
}

// mode is Degraded until a probe is answered.
func (g *gate) mode() Mode {
	switch g.phase.Load().state {
	case shut, probing:
		return Degraded
	case open, ramping:
	}
	return Coordinated
}

// retryAt is when Redis is asked again, while the gate is shut.
func (g *gate) retryAt() int64 { return g.phase.Load().until }

// admit lets a call through, or gives nil. The ticket is for done.
func (g *gate) admit(now int64) *phase {
	p := g.phase.Load()
	switch p.state {
	case open:
		return p
	case ramping:
		if left := p.until - now; left > 0 && rand.Int64N(int64(rampTime)) < left {
			return nil
		}
		return p
	case shut:
		if now >= p.until {
			return g.probe(p)
		}
	case probing:
	}
	return nil
}

// probe makes the caller the one who probes, unless another is.
func (g *gate) probe(from *phase) *phase {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.phase.Load() != from {
		return nil
	}
	p := &phase{state: probing, wait: from.wait}
	g.phase.Store(p)
	return p
}

// done tells what became of a call: answered, failed with a cause, or neither.
func (g *gate) done(p *phase, now int64, answered bool, cause error) {
	switch {
	case p.state == probing:
		g.probed(p, now, answered, cause)
	case answered:
		if g.failures.Load() != 0 {
			g.failures.Store(0)
		}
		if p.state == ramping && now >= p.until {
			g.enter(p, &phase{state: open})
		}
	case cause != nil && g.phase.Load() == p:
		if g.failures.Add(1) >= failuresToShut {
			g.shut(p, now, firstWait, cause)
		}
	}
}

func (g *gate) probed(p *phase, now int64, answered bool, cause error) {
	switch {
	case answered:
		if g.enter(p, &phase{state: ramping, until: now + int64(rampTime)}) {
			g.moved(Coordinated, nil)
		}
	case cause == nil: // the caller gave up: the next one probes
		g.enter(p, &phase{state: shut, until: now, wait: p.wait})
	default:
		g.enter(p, shutFor(now, min(2*p.wait, longestWait)))
	}
}

func (g *gate) shut(from *phase, now int64, wait time.Duration, cause error) {
	if g.enter(from, shutFor(now, wait)) {
		g.moved(Degraded, cause)
	}
}

// shutFor is a stay of between half of wait and all of it.
func shutFor(now int64, wait time.Duration) *phase {
	return &phase{state: shut, until: now + int64(wait) - rand.Int64N(int64(wait)/2), wait: wait}
}

// enter replaces from by to, unless the gate has moved on.
func (g *gate) enter(from, to *phase) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.phase.Load() != from {
		return false
	}
	g.failures.Store(0)
	g.phase.Store(to)
	return true
}
