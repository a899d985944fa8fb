package lease

import "context"

// leaseContext is a context that ends with a lease. Its Done channel is that of the context it is made of, so
// contexts derived from it need no goroutine.
type leaseContext struct {
	context.Context //nolint:containedctx // it is one
	lease           *Lease
	cancel          context.CancelCauseFunc // ends Context
}

// Err looks at the clock: who asks is told that the time is over, even before a timer is.
func (c leaseContext) Err() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	c.lease.look()
	if ended := c.lease.why(); ended != nil {
		c.cancel(ended)
	}
	return c.Context.Err()
}

// Value answers what TokenOf asks.
func (c leaseContext) Value(key any) any {
	if key == (leaseKey{}) {
		return c.lease
	}
	return c.Context.Value(key)
}

type leaseKey struct{}

// TokenOf gives the fencing token of the lease under which ctx's work is done: of [Once], [Exclusive],
// [WhileLeader], or a [Lease.Context]. Of several it is the innermost. ok is false outside any.
func TokenOf(ctx context.Context) (token uint64, ok bool) {
	l, ok := ctx.Value(leaseKey{}).(*Lease)
	if !ok {
		return 0, false
	}
	return l.token, true
}
