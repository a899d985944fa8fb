package lease

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// renewing is a renewal under way.
type renewing struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// renew extends the lease when the time for it has come, and sets the timer for the next time.
//
// Trust is counted from before the request was sent, so it ends before the store's own time does, however
// long the answer took. A request that failed extends nothing, whether it was carried out or not. That
// the lease ends in time does not depend on this, which a store may hold up.
func (l *Lease) renew() {
	ctx, under := l.begin()
	if under == nil {
		return
	}
	defer close(under.done)
	telemetry.Labeled(ctx, "lease", l.locker.inst.name, func(ctx context.Context) {
		wait := l.extend(ctx)
		l.mu.Lock()
		defer l.mu.Unlock()
		under.cancel()
		if l.under = nil; l.err == nil {
			l.renewal.Reset(wait)
		}
	})
}

// begin notes that a renewal is under way, unless there is none to be.
func (l *Lease) begin() (context.Context, *renewing) {
	ended := l.ctx.Err() != nil // which looks at the clock
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || ended && !l.keep {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.locker.cfg.Timeout)
	l.under = &renewing{cancel, make(chan struct{})}
	return ctx, l.under
}

// stop tells a renewal under way, if there is one, to be over.
func (r *renewing) stop() {
	if r != nil {
		r.cancel()
	}
}

// settle waits until no renewal is under way, once the lease has ended.
func (l *Lease) settle() {
	l.mu.Lock()
	under := l.under
	l.mu.Unlock()
	if under != nil {
		<-under.done
	}
}

// untilRenewal is a third of TTL, or up to a fifth of that less, so that a renewal that fails can be tried
// again before it matters.
func (l *Locker) untilRenewal() time.Duration {
	third := l.cfg.TTL / 3
	return third - rand.N(third/5+1)
}

// extend asks for more time once, and says when to do so again.
func (l *Lease) extend(ctx context.Context) (next time.Duration) {
	k := l.locker
	sent := k.now()
	held, err := l.ask(ctx)
	switch {
	case l.why() != nil: // it ended meanwhile
	case err != nil:
		k.counts.unanswered.Add(1)
		return jitter(min(k.cfg.Poll, maxSpread))
	case !held:
		k.counts.refused.Add(1)
		l.end(lost)
	default:
		k.counts.renewed.Add(1)
		l.trust(sent)
	}
	return k.untilRenewal()
}

// ask asks the store for more time. A panic of the store is a failure.
func (l *Lease) ask(ctx context.Context) (held bool, err error) {
	err = core.Try(ctx, func(ctx context.Context) (err error) {
		held, err = l.locker.store.Extend(ctx, storeKey(l.key), l.owner, l.locker.cfg.TTL)
		return err
	})
	return held, err
}
