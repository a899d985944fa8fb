package limit

import "time"

func (b *TokenBucket) TakeRefundableAt(now time.Duration, n int) (Decision, Receipt, error) {
	return b.takeRefundable(At0+int64(now), n)
}

func (b *TokenBucket) RefundAt(now time.Duration, r Receipt, n int) { b.refund(At0+int64(now), r, n) }

// FirstKey is a Keyed limiter's first key.
type FirstKey struct{ *Keyed }

func (k FirstKey) TakeRefundableAt(now time.Duration, n int) (Decision, Receipt, error) {
	return k.takeRefundable(At0+int64(now), "first", n)
}

func (k FirstKey) RefundAt(now time.Duration, r Receipt, n int) { k.refund(At0+int64(now), r, n) }

func (b *TokenBucket) ChargeAt(now time.Duration, n int) (Decision, error) {
	return b.chargeAt(At0+int64(now), n)
}

func (b *TokenBucket) TakePlainAt(now time.Duration, n int) (Decision, error) {
	return b.TakeAt(now, n)
}

func (k FirstKey) ChargeAt(now time.Duration, n int) (Decision, error) {
	return k.chargeAt(At0+int64(now), "first", n)
}

func (k FirstKey) TakePlainAt(now time.Duration, n int) (Decision, error) {
	return k.TakeAt(now, "first", n)
}

func (p *Priority) TakeAt(now time.Duration, n int) (Decision, error) {
	return p.decide(At0+int64(now), n)
}
