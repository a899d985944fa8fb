package resilience

import (
	"time"

	"github.com/goflow-go/goflow/core"
)

// Probing reports whether t is the ticket of a probe whose result still counts.
func Probing(b *Breaker, t core.Ticket) bool {
	p := b.phase.Load()
	return p.state == HalfOpen && p.generation == t.ID
}

// Delay is how long a retry waits after the nth attempt when it waited last before it.
func Delay(cfg RetryConfig, n int, last time.Duration) time.Duration {
	cfg = cfg.withDefaults()
	return cfg.delay(n, last)
}

// Latencies estimates a quantile.
type Latencies struct{ l latencies }

// NewLatencies makes an estimate of a quantile that needs least durations.
func NewLatencies(quantile float64, least int) *Latencies {
	return &Latencies{latencies{quantile: quantile, least: least}}
}

// Add takes a duration into account.
func (l *Latencies) Add(d time.Duration) { l.l.add(d) }

// Value is the estimate.
func (l *Latencies) Value() time.Duration { return time.Duration(l.l.value.Load()) }
