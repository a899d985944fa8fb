package flowadmin

import (
	"context"
	"strconv"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// What a limiter may let an operator change: the same methods everywhere, also in package flowredis.
type (
	rateSetter interface {
		SetRate(context.Context, limit.Rate) error
	}
	burstSetter interface {
		SetBurst(context.Context, int) error
	}
	limitSetter interface {
		SetLimit(context.Context, int) error
	}
	windowSetter interface {
		SetWindow(context.Context, time.Duration) error
	}
)

// Limiter makes an [Engine], of kind "limiter", of any limiter: of package limit, of package flowredis, or
// one of your own. What it shows and does is what the limiter can: with Stats() limit.Stats its rate, its
// burst or limit, and what is in use; with Quota() limit.Quota its rate and burst; and with SetRate,
// SetBurst, SetLimit and SetWindow, as [limit.TokenBucket] and [limit.FixedWindow] have them, the actions
// set_rate, set_burst, set_limit and set_window.
//
// A change holds for this process until it ends, unless the limiter says otherwise: those of package
// flowredis change it for all processes.
func Limiter(l Named) Engine {
	now := standing(l)
	var actions []Action
	if s, ok := l.(rateSetter); ok {
		rate := func() string { return now().Rate.String() }
		actions = append(actions, setting("rate", "permits and a time, as in 100/s", limit.ParseRate, rate, s.SetRate))
	}
	burst := func() string { return strconv.Itoa(now().Burst) }
	if s, ok := l.(burstSetter); ok {
		actions = append(actions, setting("burst", "permits to be had at once", whole, burst, s.SetBurst))
	}
	if s, ok := l.(limitSetter); ok {
		actions = append(actions, setting("limit", "permits to be held, or in a window", whole, burst, s.SetLimit))
	}
	if s, ok := l.(windowSetter); ok {
		window := func() string { return windowOf(now()).String() }
		actions = append(actions, setting("window", "a time, as in 1m", time.ParseDuration, window, s.SetWindow))
	}
	return described("limiter", l, func() []Field { return limiterFields(l, now()) }, actions...)
}

// standing gives how a limiter is set and stands, as far as it tells.
func standing(l Named) func() limit.Stats {
	switch l := l.(type) {
	case interface{ Stats() limit.Stats }:
		return l.Stats
	case interface{ Quota() limit.Quota }:
		return func() limit.Stats {
			q := l.Quota()
			return limit.Stats{Rate: q.Rate, Burst: q.Burst}
		}
	}
	return func() limit.Stats { return limit.Stats{} }
}

func windowOf(s limit.Stats) time.Duration {
	_, window := s.Rate.Parts()
	return window
}

// limiterFields is what a limiter tells beside its line. Of a limiter for each key, what is in use is
// each key's own.
func limiterFields(l Named, s limit.Stats) (fields []Field) {
	_, inWindows := l.(limitSetter)
	if !s.Rate.IsZero() {
		fields = append(fields, field("rate", s.Rate))
	}
	switch {
	case s.Burst == 0:
	case s.Rate.IsZero() || inWindows:
		fields = append(fields, field("limit", s.Burst))
	default:
		fields = append(fields, field("burst", s.Burst))
	}
	_, counts := l.(interface{ Stats() limit.Stats })
	_, keyed := l.(interface{ Len() int })
	switch {
	case keyed:
		fields = append(fields, field("keys", s.Keys), field("decisions beyond its keys", s.Overflowed))
	case counts && s.Burst > 0:
		fields = append(fields, field("in use", s.InUse), field("waiting", s.Waiting))
	}
	return fields
}
