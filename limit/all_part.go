package limit

import (
	"context"
	"fmt"
	"slices"

	"github.com/goflow-go/goflow/core"
)

// part is a limiter among those of an All. Those of this package are asked with the clock read once.
type part interface {
	take(ctx context.Context, now int64, key string, n int) (Decision, Receipt, error)
	refund(ctx context.Context, r Receipt)
	refundable() bool
}

// validParts checks the parts; those of an Any need not take back.
func validParts(name string, parts []part, first bool) error {
	var faults core.Faults
	faults.Require(len(parts) >= 1 && len(parts) <= maxParts, "limiters", len(parts), fmt.Sprintf("must be 1 to %d", maxParts))
	last := 0
	for i, p := range parts {
		faults.Require(p != nil, "limiters", i, "must not be nil")
		if p != nil && !p.refundable() {
			last++
		}
	}
	faults.Require(first || last <= 1, "limiters", last, "at most one may lack Refund")
	return core.Configure("limit", name, faults.Err())
}

// order puts the one that cannot take back last.
func order(parts []part) []part {
	slices.SortStableFunc(parts, func(a, b part) int {
		switch {
		case a.refundable() == b.refundable():
			return 0
		case a.refundable():
			return -1
		}
		return 1
	})
	return parts
}

func partOf(l Limiter) part {
	switch l := l.(type) {
	case nil:
		return nil
	case *TokenBucket:
		return bucketPart{l}
	case one:
		return onePart{l}
	case Refunder:
		return refunderPart{l}
	}
	return lastPart{l}
}

func keyedPartOf(l KeyedLimiter) part {
	switch l := l.(type) {
	case nil:
		return nil
	case shared:
		return partOf(l.limiter)
	case *Keyed:
		return keyedPart{l}
	case KeyedRefunder:
		return keyedRefunderPart{l}
	}
	return lastKeyedPart{l}
}

type bucketPart struct{ bucket *TokenBucket }

func (p bucketPart) take(_ context.Context, now int64, _ string, n int) (Decision, Receipt, error) {
	return p.bucket.takeRefundable(now, n)
}

func (p bucketPart) refund(_ context.Context, r Receipt) { p.bucket.refund(r.at, r, r.Permits) }

func (p bucketPart) refundable() bool { return true }

type keyedPart struct{ keyed *Keyed }

func (p keyedPart) take(_ context.Context, now int64, key string, n int) (Decision, Receipt, error) {
	return p.keyed.takeRefundable(now, key, n)
}

func (p keyedPart) refund(_ context.Context, r Receipt) { p.keyed.refund(r.at, r, r.Permits) }

func (p keyedPart) refundable() bool { return true }

type onePart struct{ one one }

func (p onePart) take(_ context.Context, now int64, _ string, n int) (Decision, Receipt, error) {
	return p.one.keyed.takeRefundable(now, p.one.key, n)
}

func (p onePart) refund(_ context.Context, r Receipt) { p.one.keyed.refund(r.at, r, r.Permits) }

func (p onePart) refundable() bool { return true }

type refunderPart struct{ limiter Refunder }

func (p refunderPart) take(ctx context.Context, _ int64, _ string, n int) (Decision, Receipt, error) {
	return p.limiter.TakeRefundable(ctx, n)
}

func (p refunderPart) refund(ctx context.Context, r Receipt) {
	p.limiter.Refund(context.WithoutCancel(ctx), r, r.Permits)
}

func (p refunderPart) refundable() bool { return true }

type keyedRefunderPart struct{ limiter KeyedRefunder }

func (p keyedRefunderPart) take(ctx context.Context, _ int64, key string, n int) (Decision, Receipt, error) {
	return p.limiter.TakeRefundable(ctx, key, n)
}

func (p keyedRefunderPart) refund(ctx context.Context, r Receipt) {
	p.limiter.Refund(context.WithoutCancel(ctx), r, r.Permits)
}

func (p keyedRefunderPart) refundable() bool { return true }

type lastPart struct{ limiter Limiter }

func (p lastPart) take(ctx context.Context, _ int64, _ string, n int) (Decision, Receipt, error) {
	d, err := p.limiter.Take(ctx, n)
	return d, Receipt{}, err
}

func (p lastPart) refund(context.Context, Receipt) {}

func (p lastPart) refundable() bool { return false }

type lastKeyedPart struct{ limiter KeyedLimiter }

func (p lastKeyedPart) take(ctx context.Context, _ int64, key string, n int) (Decision, Receipt, error) {
	d, err := p.limiter.Take(ctx, key, n)
	return d, Receipt{}, err
}

func (p lastKeyedPart) refund(context.Context, Receipt) {}

func (p lastKeyedPart) refundable() bool { return false }
