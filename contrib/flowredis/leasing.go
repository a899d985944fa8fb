package flowredis

import (
	"time"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// leasing is what a token bucket computes with whose permits are leased to processes. A lease holds up
// to chunk permits for as long as that many take to come back, and Redis gives out no more than burst less
// chunk at once.
//
// So the limit holds, however many processes there are. What is spent in a stretch of time t was granted in
// it, or no longer before than a lease lives: in t + chunk/rate. In so much time Redis grants at most
//
//	rate*(t + chunk/rate) + burst - chunk = rate*t + burst.
//
// A permit that was given back counts, for this, as never granted; see the script.
type leasing struct {
	ticks       // of the burst less chunk
	chunk int64 // permits
	life  int64 // nanoseconds, from before it was asked for
}

// leased is the algorithm of a token bucket with leases of up to n permits.
func leased(n int) *algorithm {
	return &algorithm{
		name:   flowconv.LimiterAlgorithmTokenBucket,
		kind:   tokenBucket.kind,
		script: grantScript,
		prepare: func(rate limit.Rate, burst int) ([]any, reader) {
			chunk := min(n, burst/2)
			t := newTicks(rate, burst-chunk)
			life := int64(chunk) * t.permit / t.micro * int64(time.Microsecond)
			return []any{t.permit, t.micro, t.burst}, leasing{ticks: t, chunk: int64(chunk), life: life}
		},
	}
}

// grant is what Redis answers to who asks for a lease.
type grant struct {
	permits int64
	at      int64 // on the server's clock
	limit.Decision
}

// read reads a reply to who asked for n permits at the least.
func (l leasing) read(reply []int64, n int) (g grant, ok bool) {
	if len(reply) != 3 || reply[0] < 0 || reply[2] < 0 {
		return grant{}, false
	}
	allowed := int64(0)
	if reply[0] > 0 {
		allowed = 1
	}
	d, ok := l.decision([]int64{allowed, reply[1]}, n)
	return grant{reply[0], reply[2], d}, ok
}
