package limit

import "time"

// warmUp is a rate that grows from a third of itself to all of it, the cold factor of Guava's
// SmoothWarmingUp. Each step is a quota that must be rebased when the next one begins, so a warm
// bucket pays nothing for it.
type warmUp struct {
	begin int64 // on internal/clock
	over  int64 // ns
	rate  Rate
}

const (
	warmUpSteps = 16
	maxWarmUp   = 24 * time.Hour
)

// newWarming is the first quota of a token bucket.
func newWarming(cfg TokenBucketConfig, now int64) *quota {
	w := &warmUp{begin: now, over: int64(cfg.WarmUp), rate: cfg.Rate}
	return w.quota(cfg.Burst, now)
}

// quota is the step at now.
func (w *warmUp) quota(burst int, now int64) *quota {
	since := now - w.begin
	if since >= w.over {
		return newQuota(w.rate, burst, now)
	}
	step := since * warmUpSteps / w.over
	share := (1 + 2*float64(step)/warmUpSteps) / 3
	q := newQuota(Per(w.rate.count*share, w.rate.per), burst, now)
	q.rate, q.warming = w.rate, w
	q.until = min(q.until, max(w.over*(step+1)/warmUpSteps-since-1, 0))
	return q
}
