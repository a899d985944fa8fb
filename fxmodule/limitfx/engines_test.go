package limitfx_test

import (
	"context"
	"testing"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/fxmodule/internal/engines/enginestest"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

func TestTheConsoleKnowsTheLimitersThatAreUsedAndChangesThem(t *testing.T) {
	t.Parallel()
	var b built
	enginestest.Require(t, "limiter/checkout limiter/clients", func(act enginestest.Act) {
		if got := act("limiter/checkout", "set_burst", map[string]string{"burst": "3"}); got != "burst 2 -> 3" {
			t.Errorf("got %q", got)
		}
		if got := act("limiter/clients", "set_rate", map[string]string{"rate": "9/m"}); got != "rate 1/m -> 9/m" {
			t.Errorf("got %q", got)
		}
		if rate := b.Clients.Stats().Rate; rate != limit.PerMinute(9) {
			t.Errorf("the rate of clients is %v, want 9/m", rate)
		}
		allowed := 0
		for b.Checkout.Allow(t.Context()) {
			allowed++
		}
		if allowed != 3 {
			t.Errorf("%d are allowed at once, want 3", allowed)
		}
	},
		limitfx.TokenBucket("checkout", bucket),
		limitfx.Keyed("clients", keyed),
		limitfx.TokenBucket("unused", bucket),
		fx.Invoke(func(in built) { b = in }),
	)
}

// calls are limiters of different types under one name.
type calls struct {
	fx.In

	Concurrency *limit.Concurrency `name:"calls"`
	Throttle    *limit.Throttle    `name:"calls"`
}

func TestTheConsoleKnowsLimitersOfOneNameBesideEachOther(t *testing.T) {
	t.Parallel()
	enginestest.Require(t, "limiter/calls limiter/calls (2)", func(act enginestest.Act) {
		if got := act("limiter/calls", "set_limit", map[string]string{"limit": "2"}); got != "limit 8 -> 2" {
			t.Errorf("got %q", got)
		}
	},
		limitfx.Concurrency("calls", limit.ConcurrencyConfig{Limit: 8}),
		limitfx.Throttle("calls", limit.ThrottleConfig{}),
		fx.Invoke(func(calls) {}),
	)
}

// namedRemote is a limiter of a backend's that says who it is.
type namedRemote struct {
	remote
	rate limit.Rate
}

func (r *namedRemote) Name() string   { return r.name }
func (r *namedRemote) String() string { return "remote" }
func (r *namedRemote) SetRate(_ context.Context, rate limit.Rate) error {
	r.rate = rate
	return nil
}

var _ flowadmin.Named = (*namedRemote)(nil)

func TestTheConsoleKnowsTheLimitersOfABackendThatHaveNames(t *testing.T) {
	t.Parallel()
	var r *namedRemote
	b := farm() // whose keyed limiters have none
	b.TokenBucket = func(name string, _ limit.TokenBucketConfig) (limitfx.Limiter, error) {
		r = &namedRemote{remote: remote{name: name}}
		return r, nil
	}
	enginestest.Require(t, "limiter/checkout", func(act enginestest.Act) {
		act("limiter/checkout", "set_rate", map[string]string{"rate": "5/s"})
		if r.rate != limit.PerSecond(5) {
			t.Errorf("the rate is %v, want 5/s", r.rate)
		}
	},
		fx.Supply(b), limitfx.TokenBucket("checkout", bucket), limitfx.Keyed("clients", keyed), fx.Invoke(func(taken) {}),
	)
}
