package flowredis

import (
	"sync"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

// holdingsShare is this process's part of a concurrency limit while Redis cannot be asked. Those of keys
// are forgotten when nothing of them is held.
type holdingsShare struct {
	mu   sync.Mutex
	held map[string]int // permits by key
}

// fallBack takes permits without Redis, because of cause.
func (h *holdings) fallBack(p *Permit, cause error) error {
	h.coordinator.fallbacks[h.cfg.Fallback].Add(1)
	switch h.cfg.Fallback {
	case FailClosed:
		return h.coordinator.unavailable(h.name, cause)
	case FailOpen:
		return nil
	case FallbackLocal:
	}
	most := max(h.cfg.Limit/h.coordinator.Instances(), 1)
	if !h.share.take(p.target.user, p.n, most) {
		return &limit.FullError{Limiter: h.name, Limit: most}
	}
	p.back = func() { h.share.give(p.target.user, p.n) }
	return nil
}

func (s *holdingsShare) take(key string, n, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[key]+n > most {
		return false
	}
	if s.held == nil {
		s.held = make(map[string]int)
	}
	s.held[key] += n
	return true
}

func (s *holdingsShare) give(key string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[key] -= n; s.held[key] <= 0 {
		delete(s.held, key)
	}
}

// ConcurrencyStats is what a concurrency limit has counted in this process since it was made, and how it
// stands.
type ConcurrencyStats struct {
	Coordinated Decisions // made in Redis
	Degraded    Decisions // made by the fallback
	Permits     int64     // given out
	Held        int       // by this process, in Redis
	Waiting     int       // callers waiting now
}

// Stats reads the counters and the state.
func (h *holdings) Stats() ConcurrencyStats {
	h.mu.Lock()
	held := 0
	for p := range h.held {
		held += p.n
	}
	h.mu.Unlock()
	return ConcurrencyStats{
		Coordinated: h.tally.of(Coordinated), Degraded: h.tally.of(Degraded), Permits: h.tally.permits.Load(),
		Held: held, Waiting: int(h.waiting.Load()),
	}
}

// holdingsReading is how a concurrency limit is read at collection, kept off its method set.
type holdingsReading holdings

func (r *holdingsReading) Observe(o *telemetry.Observer) {
	h := (*holdings)(r)
	h.metrics.observe(o, &h.tally, int64(h.cfg.Limit))
}
