package flowredis

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
)

// Permit is what a [Concurrency] limit gave out: one permit or several, held until they are released. All
// methods are safe for concurrent use.
type Permit struct {
	holdings *holdings
	target   target
	n        int
	member   any          // of the set in Redis; nil for one that the fallback gave
	back     func()       // releases what the fallback gave
	until    atomic.Int64 // on internal/clock: held until then at the least

	mu     sync.Mutex
	state  permitState
	lost   chan struct{}
	onLost context.CancelCauseFunc
}

type permitState uint8

const (
	isHeld permitState = iota
	isReleased
	isLost
)

// Release gives the permits back. It waits for Redis, within the budget; when Redis cannot be asked it is
// tried again with every heartbeat, until the lease is over. It is idempotent.
func (p *Permit) Release() {
	if p.leave(isReleased) {
		p.holdings.release(p)
	}
}

// Lost is closed when the permits are no longer held though no one released them, because they could not
// be renewed: others may have them soon. Whoever holds them should stop. That is told before the lease
// ends, if this process runs.
func (p *Permit) Lost() <-chan struct{} { return p.lost }

// leave ends the holding, and reports whether it was held.
func (p *Permit) leave(to permitState) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != isHeld {
		return false
	}
	p.state = to
	if to == isLost {
		close(p.lost)
		if p.onLost != nil {
			p.onLost(&LostError{Limiter: p.holdings.name})
		}
	}
	return true
}

// within gives a context that is canceled when the permits are lost.
func (p *Permit) within(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.onLost = cancel; p.state == isLost {
		cancel(&LostError{Limiter: p.holdings.name})
	}
	return ctx, cancel
}

// LostError is why the context of a task ended whose permit could not be renewed.
type LostError struct{ Limiter string }

// Error reads `flowredis: "db": the permit was lost`.
func (e *LostError) Error() string {
	return fmt.Sprintf("flowredis: %q: the permit was lost", e.Limiter)
}

// ErrorType is unavailable.
func (e *LostError) ErrorType() string { return core.TypeUnavailable }
