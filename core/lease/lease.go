package lease

import (
	"context"
	"sync"
	"time"
)

// Lease is the right to act on a key, for as long as its context has not ended. The store gives the key to
// no one else before that. It renews itself until it is released, is lost, or the context it was asked
// for under ends. Give [Lease.Token] to the resource that the lease guards, and let the resource refuse
// tokens below the highest it has seen.
//
// All methods are safe for concurrent use. Who has a Lease calls [Lease.Release] when the work is over.
type Lease struct {
	locker   *Locker
	key      string
	owner    string
	token    uint64
	acquired int64           // on the monotonic clock
	keep     bool            // renew after the end of the context it was asked for under
	ctx      context.Context //nolint:containedctx // the end of the lease is the end of this context
	cancel   context.CancelCauseFunc
	once     sync.Once // of the release
	result   error     // of the release

	mu      sync.Mutex
	sent    moment      // when the request was sent that gave or extended the lease last
	expiry  *time.Timer // fires when the lease cannot be trusted any more
	renewal *time.Timer // fires when it is to be renewed
	under   *renewing   // the renewal under way, or nil
	err     *EndedError // why it ended; nil before. No renewal begins after that
}

// newLease makes the lease of a key that was granted.
func (l *Locker) newLease(c *campaign, token uint64, sent moment) *Lease {
	le := &Lease{locker: l, key: c.key, owner: c.owner, token: token, acquired: l.now().mono, keep: c.keep, sent: sent}
	ctx, cancel := context.WithCancelCause(c.holder)
	le.ctx, le.cancel = leaseContext{ctx, le, cancel}, cancel
	l.counts.active.Add(1)
	le.mu.Lock()
	defer le.mu.Unlock()
	le.expiry = time.AfterFunc(l.cfg.trusted()-l.since(sent), le.due)
	le.renewal = time.AfterFunc(l.untilRenewal(), le.renew)
	return le
}

// Key is what the lease is on.
func (l *Lease) Key() string { return l.key }

// Token is the fencing token: higher than that of every earlier lease on the same key.
func (l *Lease) Token() uint64 { return l.token }

// Context ends before the store would give the key to another, with an [*EndedError] as its cause
// (context.Cause), or when the context ends that the lease was asked for under. It has that context's
// values, and [TokenOf] finds the token in it.
//
// The Err method of the context looks at the clock. So code that asks it before each step is told
// at once after the process stood still, even if no timer has fired yet.
func (l *Lease) Context() context.Context { return l.ctx }

// Err is nil while the lease can be trusted, and else says why it has ended. It looks at the clock, and does
// not block.
func (l *Lease) Err() error {
	l.look()
	return context.Cause(l.ctx)
}

// left is how long the lease can still be trusted.
func (l *Lease) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.locker.cfg.trusted() - l.locker.since(l.sent)
}

// look ends a lease whose time is over.
func (l *Lease) look() {
	if l.left() <= 0 {
		l.end(expired)
	}
}

// due is called when the lease's time would have been over, had it not been extended.
func (l *Lease) due() {
	l.look()
	l.rearm()
}

// trust notes that a request sent then has extended the lease.
func (l *Lease) trust(sent moment) {
	l.mu.Lock()
	l.sent = sent
	l.mu.Unlock()
	l.due()
}

// rearm sets the timer for when the lease's time will be over.
func (l *Lease) rearm() {
	left := l.left()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.expiry.Reset(max(left, 0))
	}
}

// end ends the lease, if it has not ended before.
func (l *Lease) end(why reason) (first bool) {
	err := &EndedError{l.locker.inst.name, l.key, l.token, why}
	l.mu.Lock()
	if first = l.err == nil; first {
		l.err = err
		l.expiry.Stop()
		l.renewal.Stop()
		l.under.stop()
	}
	l.mu.Unlock()
	if first {
		l.cancel(err)
		l.locker.ended(l, err)
	}
	return first
}

// why is why the lease has ended, nil before.
func (l *Lease) why() *EndedError {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Release ends the lease and frees the key. It takes at most the time of a request to the store, whether
// ctx has ended or not: what is asked is to be over with. It returns an [*EndedError] when the lease had
// ended before, and a [*StoreError] when the store failed: the key is free when its time is over, then.
// It is idempotent.
func (l *Lease) Release(ctx context.Context) error {
	return l.release(ctx, 0)
}

// release is Release; with keep above zero it marks the key as done for so long.
func (l *Lease) release(ctx context.Context, keep time.Duration) error {
	l.once.Do(func() { l.result = l.giveBack(context.WithoutCancel(ctx), keep) })
	return l.result
}

// giveBack ends the lease first, and then frees the key.
func (l *Lease) giveBack(ctx context.Context, keep time.Duration) error {
	trusted := l.end(released)
	l.settle()
	ctx, span := l.locker.inst.begin(ctx, spanRelease, l.key)
	sure, err := l.tell(ctx, keep)
	switch {
	case !trusted:
		err = l.why()
	case err != nil:
		l.locker.counts.abandoned.Add(1)
	case !sure:
		l.locker.counts.lost.Add(1)
		e := &EndedError{l.locker.inst.name, l.key, l.token, lost}
		l.locker.inst.lost(ctx, e)
		err = e
	default:
		l.locker.counts.released.Add(1)
	}
	l.locker.inst.freed(span, l.token, err)
	return err
}

// tell tells the store that the key is free, or done. That it is done is worth trying again, for as long
// as the key is surely not another's: otherwise others would do again what was done.
func (l *Lease) tell(ctx context.Context, keep time.Duration) (held bool, err error) {
	cfg := l.locker.cfg
	for failed := false; ; failed = true {
		held, err = l.tellOnce(ctx, keep)
		if err == nil {
			return held || failed, nil // after a failure, it may have been ourselves
		}
		if keep == 0 || l.left() < cfg.Timeout {
			return false, &StoreError{l.locker.inst.name, l.key, "release", err}
		}
		<-time.After(jitter(min(cfg.Poll, maxSpread)))
	}
}

func (l *Lease) tellOnce(ctx context.Context, keep time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, l.locker.cfg.Timeout)
	defer cancel()
	return l.locker.store.Release(ctx, storeKey(l.key), l.owner, keep)
}
