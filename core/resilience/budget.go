package resilience

import (
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// budgetWindow is over how long a budget counts.
const budgetWindow = 10 * time.Second

// budget bounds extra work (retries, extra runs of a hedge) to a share of the calls of the last ten
// seconds. The window counts calls as good or bad, and the extra work.
type budget struct {
	window
	share float64 // negative: no bound
	floor float64 // extra work a window may have whatever its calls
}

func (b *budget) init(share, perSecond float64) {
	b.share, b.floor = share, max(perSecond, 0)*budgetWindow.Seconds()
	b.window.init(budgetWindow)
}

// well counts a call that needs nothing extra.
func (b *budget) well() {
	if !b.running() {
		b.turn(clock.Now())
	}
	b.good.Add(1)
}

// ill counts a call that asks for something extra.
func (b *budget) ill() {
	b.turn(clock.Now())
	b.bad.Add(1)
}

// take asks for one piece of extra work.
//
// It counts first and looks then: of several callers at the same time the last to count sees the
// counts of all, so together they never take more than there is. Who is refused gives back.
func (b *budget) take() bool {
	b.turn(clock.Now())
	b.extra.Add(1)
	if b.share < 0 {
		return true
	}
	held := b.held()
	if float64(held.extra) <= max(b.share*float64(held.calls()), b.floor) {
		return true
	}
	b.extra.Add(-1)
	return false
}
