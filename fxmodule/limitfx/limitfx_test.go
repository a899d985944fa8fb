package limitfx_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

var (
	bucket = limit.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 2}
	keyed  = limit.KeyedConfig{Rate: limit.PerMinute(1), Burst: 1}
)

// built is what an application can take: each limiter, as it is and as the interface.
type built struct {
	fx.In

	Checkout *limit.TokenBucket `name:"checkout"`
	Limiter  limit.Limiter      `name:"checkout"`
	Clients  *limit.Keyed       `name:"clients"`
	Keyed    limit.KeyedLimiter `name:"clients"`
}

// providers are the recorder's, as an application has them.
func providers(rec *telemetrytest.Recorder) fx.Option {
	return fx.Provide(
		func() trace.TracerProvider { return rec.TracerProvider() },
		func() metric.MeterProvider { return rec.MeterProvider() },
		func() log.LoggerProvider { return rec.LoggerProvider() },
	)
}

// run starts an application with both limiters, lets use have them, and stops it.
func run(t *testing.T, use func(built), opts ...fx.Option) {
	t.Helper()
	var b built
	a := fx.New(fx.NopLogger, fx.Options(opts...),
		limitfx.TokenBucket("checkout", bucket),
		limitfx.Keyed("clients", keyed),
		fx.Invoke(func(in built) { b = in }),
	)
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	use(b)
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestLimitersAreThereByNameAsTheyAreAndAsInterfaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		run(t, func(b built) {
			if b.Limiter != limit.Limiter(b.Checkout) || b.Keyed != limit.KeyedLimiter(b.Clients) {
				t.Error("the interface is another limiter")
			}
			if b.Checkout.Name() != "checkout" || b.Clients.Name() != "clients" {
				t.Errorf("names are %q and %q", b.Checkout.Name(), b.Clients.Name())
			}
		})
	})
}

func TestLimitersReportToTheApplicationAndAreClosedWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		checkout, clients := flowconv.LimiterNameKey.String("checkout"), flowconv.LimiterNameKey.String("clients")
		run(t, func(b built) {
			ctx, span := rec.StartSpan(t.Context(), "request")
			defer span.End()
			for range 3 {
				b.Checkout.Allow(ctx)
			}
			b.Clients.Allow(ctx, "someone")
			rec.RequireMetric("goflow.limiter.permit.limit", checkout)
			rec.RequireMetric("goflow.limiter.permit.limit", clients)
		}, providers(rec))

		for _, name := range []string{"checkout", "clients"} { // a closed limiter has no state, and keeps its counts
			rec.RequireNoMetric("goflow.limiter.permit.limit", flowconv.LimiterNameKey.String(name))
		}
		rec.RequireSum("goflow.limiter.decisions", 2, checkout, flowconv.LimiterOutcomeKey.String("allowed"))
		rec.RequireSum("goflow.limiter.decisions", 1, checkout, flowconv.LimiterOutcomeKey.String("denied"))
		rec.RequireSum("goflow.limiter.decisions", 1, clients, flowconv.LimiterOutcomeKey.String("allowed"))
		if len(rec.Spans()) != 5 {
			t.Errorf("%d spans, want the request and four decisions", len(rec.Spans()))
		}
		rec.RequireDeclared()
	})
}

func TestOptionsWinOverTheApplicationsProviders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		apps, own := telemetrytest.New(t), telemetrytest.New(t)
		var b *limit.TokenBucket
		a := fx.New(fx.NopLogger, providers(apps),
			limitfx.TokenBucket("own", bucket, limit.WithTelemetry(own.Options()...)),
			fx.Invoke(fx.Annotate(func(l *limit.TokenBucket) { b = l }, fx.ParamTags(`name:"own"`))),
		)
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.Allow(t.Context())
		own.RequireSum("goflow.limiter.decisions", 1, flowconv.LimiterOutcomeKey.String("allowed"))
		apps.RequireNoMetric("goflow.limiter.decisions")
		if err := a.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestABadConfigIsAnErrorThatNamesTheLimiterAndTheField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt  fx.Option
		want []string
	}{
		"of a token bucket": {
			fx.Options(limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Burst: -1}),
				fx.Invoke(fx.Annotate(func(limit.Limiter) {}, fx.ParamTags(`name:"checkout"`)))),
			[]string{`limit: "checkout": `, "Rate must", "Burst must"},
		},
		"of a keyed limiter": {
			fx.Options(limitfx.Keyed("clients", limit.KeyedConfig{Burst: -1}),
				fx.Invoke(fx.Annotate(func(limit.KeyedLimiter) {}, fx.ParamTags(`name:"clients"`)))),
			[]string{`limit: "clients": `, "Rate must", "Burst must"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, c.opt).Err()
			if !errors.Is(err, core.ErrInvalid) {
				t.Fatalf("Err = %v, want an invalid config", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not contain %q", err, part)
				}
			}
		})
	}
}

func TestTwoLimitersOfOneNameAreAnError(t *testing.T) {
	t.Parallel()
	err := fx.ValidateApp(fx.NopLogger, limitfx.TokenBucket("checkout", bucket), limitfx.TokenBucket("checkout", bucket))
	if err == nil || !strings.Contains(err.Error(), "already provided") || !strings.Contains(err.Error(), "checkout") {
		t.Errorf("err = %v", err)
	}
}

func TestTheSDKIsNotLinked(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "github.com/goflow-go/goflow/limit") {
		t.Fatalf("go list gave %d packages without limit", len(deps))
	}
	for _, dep := range deps {
		if strings.HasPrefix(dep, "go.opentelemetry.io/otel/sdk/") || strings.HasSuffix(dep, "/telemetry/otelsdk") {
			t.Errorf("depends on %s", dep)
		}
	}
}
