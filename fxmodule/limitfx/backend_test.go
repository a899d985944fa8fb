package limitfx_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

// remote is a limiter that a backend made.
type remote struct {
	name   string
	closed bool
}

func (r *remote) Take(context.Context, int) (limit.Decision, error) {
	return limit.Decision{Allowed: !r.closed}, nil
}
func (r *remote) Close() { r.closed = true }

// remoteKeyed is one for each key.
type remoteKeyed struct{ remote }

func (r *remoteKeyed) Take(ctx context.Context, _ string, n int) (limit.Decision, error) {
	return r.remote.Take(ctx, n)
}

// farm is a backend that has all it can have.
func farm() *limitfx.Backend {
	return &limitfx.Backend{
		TokenBucket: func(name string, cfg limit.TokenBucketConfig) (limitfx.Limiter, error) {
			return &remote{name: name}, cfg.Validate()
		},
		Keyed: func(name string, cfg limit.KeyedConfig) (limitfx.KeyedLimiter, error) {
			return &remoteKeyed{remote{name: name}}, cfg.Validate()
		},
	}
}

// taken is what an application takes that does not care who made its limiters.
type taken struct {
	fx.In

	Checkout limit.Limiter      `name:"checkout"`
	Clients  limit.KeyedLimiter `name:"clients"`
}

// take starts an application with a backend, and gives its limiters before and after it was stopped.
func take(t *testing.T, b *limitfx.Backend, use func(taken)) {
	t.Helper()
	var in taken
	a := fx.New(fx.NopLogger, fx.Supply(b),
		limitfx.TokenBucket("checkout", bucket),
		limitfx.Keyed("clients", keyed),
		fx.Invoke(func(i taken) { in = i }),
	)
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	use(in)
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestABackendMakesTheLimitersAndTheyAreClosedWithTheApplication(t *testing.T) {
	t.Parallel()
	var checkout *remote
	var clients *remoteKeyed
	take(t, farm(), func(in taken) {
		var ok, okKeyed bool
		checkout, ok = in.Checkout.(*remote)
		clients, okKeyed = in.Clients.(*remoteKeyed)
		if !ok || !okKeyed || checkout.name != "checkout" || clients.name != "clients" {
			t.Fatalf("there are %T and %T, want those of the backend under their names", in.Checkout, in.Clients)
		}
		if checkout.closed || clients.closed {
			t.Error("they are closed while the application runs")
		}
	})
	if !checkout.closed || !clients.closed {
		t.Error("they are open when the application has stopped")
	}
}

func TestWhatABackendDoesNotHaveIsEachProcesssOwn(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*limitfx.Backend{"a backend of nothing": {}, "no backend": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			take(t, b, func(in taken) {
				if _, ok := in.Checkout.(*limit.TokenBucket); !ok {
					t.Errorf("there is a %T, want a *limit.TokenBucket", in.Checkout)
				}
				if _, ok := in.Clients.(*limit.Keyed); !ok {
					t.Errorf("there is a %T, want a *limit.Keyed", in.Clients)
				}
			})
		})
	}
}

func TestEmbeddedLimitersAreEachProcesssOwn(t *testing.T) {
	t.Parallel()
	a := fx.New(fx.NopLogger, fx.Supply(farm()),
		limitfx.Embedded(limitfx.TokenBucket("checkout", bucket), limitfx.Keyed("clients", keyed)),
		limitfx.TokenBucket("shared", bucket),
		fx.Invoke(func(b built) {
			if b.Limiter != limit.Limiter(b.Checkout) || b.Keyed != limit.KeyedLimiter(b.Clients) {
				t.Error("the interface is another limiter")
			}
		}),
		fx.Invoke(fx.Annotate(func(l limit.Limiter) {
			if _, ok := l.(*remote); !ok {
				t.Errorf("beside them there is a %T, want that of the backend", l)
			}
		}, fx.ParamTags(`name:"shared"`))),
	)
	if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func TestASharedLimiterIsNoProcesssOwn(t *testing.T) {
	t.Parallel()
	failing := farm()
	failing.TokenBucket = func(string, limit.TokenBucketConfig) (limitfx.Limiter, error) { return nil, errors.New("no room") }
	anything := fx.Annotate(func(limit.Limiter) {}, fx.ParamTags(`name:"checkout"`))
	for name, c := range map[string]struct {
		backend *limitfx.Backend
		ask     any
		opts    []limit.Option
		want    string
	}{
		"by its type": {
			farm(), fx.Annotate(func(*limit.TokenBucket) {}, fx.ParamTags(`name:"checkout"`)), nil,
			`limitfx: "checkout": invalid: it is shared, so there is no *limit.TokenBucket: ask for the interface`,
		},
		"with options": {
			farm(), anything, []limit.Option{limit.WithTelemetry()},
			`limitfx: "checkout": invalid: it is shared, and options of package limit are for a process's own`,
		},
		"when the backend fails": {failing, anything, nil, "no room"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, fx.Supply(c.backend), limitfx.TokenBucket("checkout", bucket, c.opts...), fx.Invoke(c.ask)).Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if strings.Contains(c.want, "invalid") && !errors.Is(err, core.ErrInvalid) {
				t.Errorf("%v is not invalid", err)
			}
		})
	}
}
