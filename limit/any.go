package limit

import "context"

// Any is several limiters as one: permits of the first, in the order given, that has them. So who is
// over its own limit borrows from the next.
//
// A hierarchy with borrowing is made of it, [All] and [TokenBucket.Priority]: a tenant has what its own
// limit and its organization's both give, or what the organization has beyond a share left to tenants
// within their limits:
//
//	guaranteed, err := limit.NewAllKeyed("guaranteed", []limit.KeyedLimiter{tenants, limit.Shared(org)})
//	spare, err := org.Priority(0.5)
//	tenant, err := limit.NewAnyKeyed("tenant", []limit.KeyedLimiter{guaranteed, limit.Shared(spare)})
//
// A tenant's own limit is then always to be had when the rates of all tenants together are within the
// organization's, and their bursts together within the share left. Under a recording parent a decision
// is one span, besides those of limiters that are not buckets of this package. All methods are safe for
// concurrent use.
type Any struct{ together }

// NewAny makes one limiter of several, 1 to 8. The name is its telemetry's. Close it when it is no longer
// needed; the limiters remain yours to close.
func NewAny(name string, limiters []Limiter, opts ...Option) (*Any, error) {
	parts := make([]part, 0, len(limiters))
	for _, l := range limiters {
		parts = append(parts, partOf(l))
	}
	a := &Any{together{first: true}}
	if err := a.init(name, parts, opts); err != nil {
		return nil, err
	}
	return a, nil
}

// Allow takes a permit of the first limiter that has one. It does not wait for permits.
func (a *Any) Allow(ctx context.Context) bool { return a.AllowN(ctx, 1) }

// AllowN takes n permits of the first limiter that has so many. It does not wait for permits. It is
// false where [Any.Take] gives an error.
func (a *Any) AllowN(ctx context.Context, n int) bool {
	d, err := a.take(ctx, spanAllow, "", n)
	return err == nil && d.Allowed
}

// Take takes n permits of the first limiter that has so many, and gives its decision; when all deny, the
// one with the shortest RetryAfter. It does not wait for permits. An error of a limiter is as a denial,
// unless no limiter gave a decision: then it is the first of the errors.
func (a *Any) Take(ctx context.Context, n int) (Decision, error) { return a.take(ctx, spanTake, "", n) }

// AnyKeyed is [Any] for each key. [Shared] lets a limiter for all keys be among its limiters.
type AnyKeyed struct{ together }

// NewAnyKeyed makes one keyed limiter of several, as [NewAny] does.
func NewAnyKeyed(name string, limiters []KeyedLimiter, opts ...Option) (*AnyKeyed, error) {
	parts := make([]part, 0, len(limiters))
	for _, l := range limiters {
		parts = append(parts, keyedPartOf(l))
	}
	a := &AnyKeyed{together{first: true}}
	if err := a.init(name, parts, opts); err != nil {
		return nil, err
	}
	return a, nil
}

// Allow is [Any.Allow] for key.
func (a *AnyKeyed) Allow(ctx context.Context, key string) bool { return a.AllowN(ctx, key, 1) }

// AllowN is [Any.AllowN] for key.
func (a *AnyKeyed) AllowN(ctx context.Context, key string, n int) bool {
	d, err := a.take(ctx, spanAllow, key, n)
	return err == nil && d.Allowed
}

// Take is [Any.Take] for key.
func (a *AnyKeyed) Take(ctx context.Context, key string, n int) (Decision, error) {
	return a.take(ctx, spanTake, key, n)
}

// askFirst asks until one allows. There is nothing to give back.
func (a *together) askFirst(ctx context.Context, now int64, key string, n int) (d Decision, err error) {
	denials := 0
	for _, p := range a.parts {
		next, _, fault := p.take(ctx, now, key, n)
		switch {
		case fault != nil:
			if err == nil {
				err = fault
			}
			continue
		case next.Allowed:
			return next, nil
		}
		if denials++; denials == 1 || next.RetryAfter < d.RetryAfter {
			d = next
		}
	}
	if denials > 0 {
		err = nil
	}
	return d, err
}
