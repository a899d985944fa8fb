package flowredis

import (
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/limit"
)

// denials remember what Redis denied until it would be allowed. A denial of n permits says that no n, or
// more, are there before RetryAfter is over, whoever asks: others can only take more. The time
// counts from before Redis was asked, so it ends here no later than there.
//
// There is a place for each hash of a key, which the latest denial has: so memory is bounded, and
// a denial that was forgotten costs a round trip.
type denials struct {
	seed   maphash.Seed
	places []atomic.Pointer[denial]
}

// keyPlaces is how many denials of keys are remembered.
const keyPlaces = 1 << 14

// denial is one that was remembered. It is immutable.
type denial struct {
	user     string
	quota    *quota // it was made under
	n        int
	asked    int64 // on internal/clock
	decision limit.Decision
}

func newDenials(places int) *denials {
	return &denials{maphash.MakeSeed(), make([]atomic.Pointer[denial], places)}
}

func (d *denials) place(user string) *atomic.Pointer[denial] {
	if len(d.places) == 1 {
		return &d.places[0]
	}
	return &d.places[maphash.String(d.seed, user)%uint64(len(d.places))]
}

// note remembers a denial of n permits, asked for at a time.
func (d *denials) note(user string, q *quota, n int, asked int64, decision limit.Decision) {
	d.place(user).Store(&denial{user, q, n, asked, decision})
}

// recall gives the denial that still holds for n permits. What it says of times is that much less;
// Remaining is as it was, and may be more by now.
func (d *denials) recall(user string, q *quota, n int) (limit.Decision, bool) {
	at := d.place(user)
	known := at.Load()
	if known == nil || known.quota != q || n < known.n || known.user != user {
		return limit.Decision{}, false
	}
	decision, passed := known.decision, time.Duration(clock.Now()-known.asked)
	if passed >= decision.RetryAfter {
		at.CompareAndSwap(known, nil)
		return limit.Decision{}, false
	}
	decision.RetryAfter -= passed
	decision.NextAfter = max(decision.NextAfter-passed, time.Microsecond)
	decision.ResetAfter = max(decision.ResetAfter-passed, time.Microsecond)
	return decision, true
}
