package flowadmin_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestLimitersShowAndChangeWhatTheyCan(t *testing.T) {
	t.Parallel()
	engines := limiters(t)
	for name, c := range map[string]struct {
		state   []string
		actions string
	}{
		"bucket":   {[]string{"rate=20/s", "burst=5", "in use=0", "waiting=0"}, "set_rate set_burst"},
		"keyed":    {[]string{"rate=20/s", "burst=5", "keys=0", "decisions beyond its keys=0"}, "set_rate set_burst"},
		"leaky":    {[]string{"rate=20/s", "burst=1", "waiting=0"}, "set_rate"},
		"sharded":  {[]string{"rate=1000000/s", "burst=100000"}, ""},
		"fixed":    {[]string{"rate=10/m", "limit=10", "in use=0"}, "set_limit set_window"},
		"sliding":  {[]string{"rate=10/m", "limit=10"}, "set_limit set_window"},
		"log":      {[]string{"rate=10/m", "limit=10"}, "set_limit set_window"},
		"calls":    {[]string{"limit=8", "in use=0"}, "set_limit"},
		"adaptive": {[]string{"limit=7", "in use=0"}, ""},
		"throttle": {[]string{`summary=throttle "throttle": rejects 0.0 %`}, ""},
		"overload": {[]string{`summary=overload "overload": pressure 0.00, rejects 0.0 % of sheddable, 0.0 % of normal, 0.0 % of critical`}, ""},
		"all":      {[]string{"summary=all"}, ""},
		"shadow":   {[]string{`summary=shadow "shadow"`}, ""},
	} {
		e := engines[name]
		requireState(t, e, c.state...)
		if got := actions(e); got != c.actions {
			t.Errorf("%s: got actions %q, want %q", name, got, c.actions)
		}
	}
}

func actions(e flowadmin.Engine) (names string) {
	for i, a := range e.Actions {
		if i > 0 {
			names += " "
		}
		names += a.Name
	}
	return names
}

func TestChangesOfLimitersSayFromWhatToWhatAndAreInForce(t *testing.T) {
	t.Parallel()
	engines := limiters(t)
	for name, c := range map[string]struct{ param, value, want, state string }{
		"bucket":  {"rate", "50/s", "rate 20/s -> 50/s", "rate=50/s"},
		"keyed":   {"burst", "9", "burst 5 -> 9", "burst=9"},
		"leaky":   {"rate", "1/250ms", "rate 20/s -> 1/250ms", "rate=1/250ms"},
		"fixed":   {"limit", "20", "limit 10 -> 20", "limit=20"},
		"sliding": {"window", "1h", "window 1m0s -> 1h0m0s", "rate=10/h"},
		"log":     {"limit", "3", "limit 10 -> 3", "rate=3/m"},
		"calls":   {"limit", "2", "limit 8 -> 2", "limit=2"},
	} {
		e := engines[name]
		text, err := do(t, e, "set_"+c.param, map[string]string{c.param: c.value})
		if err != nil || text != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, text, err, c.want)
		}
		requireState(t, e, c.state)
	}
}

func TestAChangedRateDecidesAtOnce(t *testing.T) {
	t.Parallel()
	b := made[*limit.TokenBucket](t)(limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 1}))
	t.Cleanup(b.Close)
	b.Allow(t.Context())
	if _, err := do(t, flowadmin.Limiter(b), "set_rate", map[string]string{"rate": "1000/s"}); err != nil {
		t.Fatal(err)
	}
	if d, err := b.Take(t.Context(), 1); err != nil || (!d.Allowed && d.RetryAfter.Seconds() > 1) {
		t.Errorf("got %+v, %v, want a permit within a second", d, err)
	}
}

func TestTheEventOfAChangeIsPartOfTheTraceThatMadeIt(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	b := made[*limit.TokenBucket](t)(limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: limit.PerHour(1)}, limit.WithTelemetry(rec.Options()...)))
	t.Cleanup(b.Close)
	ctx, span := rec.StartSpan(t.Context(), "POST /debug/flow/api/actions")
	defer span.End()
	if _, err := flowadmin.Limiter(b).Actions[0].Do(ctx, map[string]string{"rate": "5/s"}); err != nil {
		t.Fatal(err)
	}
	event := rec.RequireEvent("goflow.limiter.quota_change")
	if got := event.TraceID(); got != span.SpanContext().TraceID() {
		t.Errorf("the event is in trace %v, want %v", got, span.SpanContext().TraceID())
	}
}

// own is a limiter of someone else's, as those of package flowredis are.
type own struct{ quota limit.Quota }

func (o *own) Name() string       { return "own" }
func (o *own) String() string     { return fmt.Sprintf("own: %v", o.quota.Rate) }
func (o *own) Quota() limit.Quota { return o.quota }
func (o *own) SetRate(_ context.Context, rate limit.Rate) error {
	o.quota.Rate = rate
	return nil
}

func TestALimiterOfYourOwnShowsItsQuotaAndIsSetByItsMethods(t *testing.T) {
	t.Parallel()
	e := flowadmin.Limiter(&own{limit.Quota{Rate: limit.PerMinute(3), Burst: 2}})
	requireState(t, e, "summary=own: 3/m", "rate=3/m", "burst=2")
	if text, err := do(t, e, "set_rate", map[string]string{"rate": "4/m"}); err != nil || text != "rate 3/m -> 4/m" {
		t.Errorf("got %q, %v", text, err)
	}
	if got := actions(e); got != "set_rate" {
		t.Errorf("got actions %q, want set_rate alone", got)
	}
}
