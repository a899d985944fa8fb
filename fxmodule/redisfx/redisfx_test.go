package redisfx_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/fxmodule/leasefx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/fxmodule/redisfx"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// instance is one process of an application, with a part in its limits.
type instance struct {
	fx.In

	Checkout limit.Limiter      `name:"checkout"`
	Clients  limit.KeyedLimiter `name:"clients"`
	Mails    limit.Limiter      `name:"mails"`
	Reports  limit.Limiter      `name:"reports"`
	Logins   limit.Limiter      `name:"logins"`
	Log      *limit.TokenBucket `name:"log"`
	Locker   *lease.Locker
	Leader   *lease.Elector `name:"leader"`

	Client      redis.UniversalClient
	Coordinator *flowredis.Coordinator
}

// unhurried is a budget for tests that are not about it, on a machine that is busy.
const unhurried = 5 * time.Second

// config is that of a test's own limits.
func config(t *testing.T, addrs ...string) redisfx.Config {
	t.Helper()
	return redisfx.Config{
		Client:      flowredis.ClientConfig{Addrs: addrs, PoolTimeout: unhurried, DialTimeout: unhurried, ReadTimeout: unhurried},
		Coordinator: flowredis.Config{Prefix: redistest.Prefix(t) + "app", Budget: unhurried},
	}
}

// start runs an instance until the test ends.
func start(t *testing.T, cfg redisfx.Config, opts ...fx.Option) instance {
	t.Helper()
	var in instance
	app := fx.New(fx.NopLogger, redisfx.Module, leasefx.Module, schedfx.Module, fx.Supply(cfg),
		limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 10}),
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 3}),
		limitfx.LeakyBucket("mails", limit.LeakyBucketConfig{Rate: limit.PerHour(1)}),
		limitfx.FixedWindow("reports", limit.WindowConfig{Limit: 4, Window: 8784 * time.Hour}),
		limitfx.SlidingWindow("logins", limit.WindowConfig{Limit: 5, Window: 8784 * time.Hour}),
		limitfx.Embedded(limitfx.TokenBucket("log", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 3})),
		leasefx.Elector("leader"),
		fx.Invoke(func(i instance) { in = i }),
		fx.Options(opts...),
	)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := app.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return in
}

// allowed takes permits one by one until there are none.
func allowed(t *testing.T, take func() (limit.Decision, error)) (n int) {
	t.Helper()
	for ; ; n++ {
		d, err := take()
		if err != nil {
			t.Fatal(err)
		}
		if !d.Allowed {
			return n
		}
	}
}

func (i instance) checkout(t *testing.T) int {
	t.Helper()
	return allowed(t, func() (limit.Decision, error) { return i.Checkout.Take(t.Context(), 1) })
}

func (i instance) client(t *testing.T, key string) int {
	t.Helper()
	return allowed(t, func() (limit.Decision, error) { return i.Clients.Take(t.Context(), key, 1) })
}

// await waits until ok, and looks again every few milliseconds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.After(20 * time.Second); !ok(); {
		select {
		case <-deadline:
			t.Fatalf("%s did not come", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestInstancesShareLimitsWhereThereAreAddresses(t *testing.T) {
	t.Parallel()
	for name, addrs := range map[string]func(*testing.T) redisfx.Config{
		"of a single server": func(t *testing.T) redisfx.Config { t.Helper(); return config(t, redistest.Shared(t).Addr()) },
		"of a cluster":       func(t *testing.T) redisfx.Config { t.Helper(); return config(t, redistest.SharedCluster(t).Addrs()...) },
		"of sentinels": func(t *testing.T) redisfx.Config {
			t.Helper()
			cfg := config(t, redistest.Sentinel(t, redistest.WithPatience()).Addrs()...)
			cfg.Client.MasterName = redistest.MasterName
			return cfg
		},
		"of a server with TLS and a user": func(t *testing.T) redisfx.Config {
			t.Helper()
			server := redistest.Single(t, redistest.WithTLS())
			server.MustDo("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all")
			cfg := config(t, server.Addr())
			cfg.Client.TLSConfig, cfg.Client.Username, cfg.Client.Password = server.TLS(), "app", "secret"
			return cfg
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := addrs(t)
			a, b := start(t, cfg), start(t, cfg)
			if n, m := a.checkout(t), b.checkout(t); n != 10 || m != 0 {
				t.Errorf("of a burst of 10, one was given %d and the other %d", n, m)
			}
			if n, m, o := a.client(t, "ann"), b.client(t, "ann"), b.client(t, "ben"); n != 3 || m != 0 || o != 3 {
				t.Errorf("of bursts of 3, one was given %d, the other %d of the same and %d of another key's", n, m, o)
			}
			for _, l := range []struct {
				a, b limit.Limiter
				want int
			}{{a.Mails, b.Mails, 1}, {a.Reports, b.Reports, 4}, {a.Logins, b.Logins, 5}} {
				n := allowed(t, func() (limit.Decision, error) { return l.a.Take(t.Context(), 1) })
				m := allowed(t, func() (limit.Decision, error) { return l.b.Take(t.Context(), 1) })
				if n != l.want || m != 0 {
					t.Errorf("%v gave one %d and the other %d, want %d and 0", l.a, n, m, l.want)
				}
			}
			if n := allowed(t, func() (limit.Decision, error) { return b.Log.Take(t.Context(), 1) }); n != 3 {
				t.Errorf("of what is its own, it was given %d, want 3", n)
			}
			await(t, "the other instance", func() bool { return a.Coordinator.Instances() == 2 })
		})
	}
}

func TestWithoutAddressesEachInstanceHasItsOwn(t *testing.T) {
	t.Parallel()
	a, b := start(t, redisfx.Config{}), start(t, redisfx.Config{})
	if n, m := a.checkout(t), b.checkout(t); n != 10 || m != 10 {
		t.Errorf("of bursts of 10, they were given %d and %d", n, m)
	}
	if _, ok := a.Checkout.(*limit.TokenBucket); !ok || a.Client != nil || a.Coordinator != nil {
		t.Errorf("there are %T, %v and %v, want a token bucket and nothing else", a.Checkout, a.Client, a.Coordinator)
	}
	for _, in := range []instance{a, b} {
		await(t, "a leader", func() bool { return in.Leader.Stats().Leads })
	}
}

func TestAnApplicationStartsWhileRedisIsDown(t *testing.T) {
	t.Parallel()
	cfg := config(t, "127.0.0.1:1") // no one is there
	cfg.Coordinator.Budget, cfg.Coordinator.Instances = 0, 2
	a := start(t, cfg)
	if n := a.checkout(t); n != 5 {
		t.Errorf("of a burst of 10 among 2, it was given %d", n)
	}
	cfg.Fallback = flowredis.FailClosed
	b := start(t, cfg)
	if _, err := b.Checkout.Take(t.Context(), 1); core.ErrorType(err) != core.TypeUnavailable {
		t.Errorf("closed, it gave %v, want an error of class %s", err, core.TypeUnavailable)
	}
}

func TestOneInstanceLeadsAndAJobRunsOnceAmongThem(t *testing.T) {
	t.Parallel()
	cfg := config(t, redistest.Shared(t).Addr())
	runs := make(chan time.Time, 1000)
	report := schedfx.AsJob(func() sched.Spec {
		return sched.Spec{Name: "report", Trigger: sched.Every(100 * time.Millisecond), Task: func(ctx context.Context) error {
			o, _ := core.OccurrenceOf(ctx)
			runs <- o.Time
			return nil
		}}
	}, schedfx.Once())
	a, b := start(t, cfg, report), start(t, cfg, report)
	await(t, "a leader", func() bool { return a.Leader.Stats().Leads != b.Leader.Stats().Leads })
	seen := map[time.Time]bool{}
	for range 20 {
		due := <-runs
		if seen[due] {
			t.Errorf("the run due at %v came twice", due)
		}
		seen[due] = true
	}
	await(t, "a run that was left to the other", func() bool { return a.Locker.Stats().Done+b.Locker.Stats().Done > 10 })
}

func TestADecisionIsTheParentOfItsCommand(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	in := start(t, config(t, redistest.Shared(t).Addr()), fx.Provide(
		func() trace.TracerProvider { return rec.TracerProvider() },
		func() metric.MeterProvider { return rec.MeterProvider() },
		func() log.LoggerProvider { return rec.LoggerProvider() },
	))
	ctx, request := rec.StartSpan(t.Context(), "request")
	if d, err := in.Clients.Take(ctx, "ann", 1); err != nil || !d.Allowed {
		t.Fatalf("got %+v, %v", d, err)
	}
	request.End()
	names := map[trace.SpanID]string{}
	spans := rec.Spans()
	for _, s := range spans {
		names[s.SpanContext().SpanID()] = s.Name()
	}
	found := false
	for _, s := range spans {
		parent := names[s.Parent().SpanID()]
		found = found || s.Name() == "evalsha" && parent == "take clients"
		for _, a := range s.Attributes() {
			if strings.Contains(a.Value.String(), "ann") {
				t.Errorf("span %s tells the key in %s", s.Name(), a.Key)
			}
		}
		if s.Name() != "request" && parent == "" && s.SpanContext().TraceID() != request.SpanContext().TraceID() {
			t.Errorf("span %s is a trace of its own", s.Name())
		}
	}
	if !found {
		t.Errorf("no command under the decision among %v", names)
	}
	rec.RequireSum("goflow.coordination.mode", 1, flowconv.CoordinationModeKey.String("coordinated"))
	rec.RequireMetric("db.client.connections.hits")
	rec.RequireDeclared()
}

func TestAWrongConfigIsOneErrorThatNamesTheField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  redisfx.Config
		want string
	}{
		"an address":  {redisfx.Config{Client: flowredis.ClientConfig{Addrs: []string{"localhost"}}}, `redisfx: "redis": Addrs[0] must be host:port`},
		"a prefix":    {redisfx.Config{Coordinator: flowredis.Config{Prefix: "{}"}}, "Prefix must be letters"},
		"a fallback":  {redisfx.Config{Fallback: 9}, "Fallback must be"},
		"a database":  {redisfx.Config{Client: flowredis.ClientConfig{Addrs: []string{"h:1", "h:2"}, DB: 1}}, "DB must be 0 in a cluster"},
		"a heartbeat": {redisfx.Config{Coordinator: flowredis.Config{Heartbeat: 1}}, "Heartbeat must be at least"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fx.NopLogger, redisfx.Module, fx.Supply(c.cfg), fx.Invoke(func(redis.UniversalClient) {}))
			if err := app.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestWhatOnlyAnOwnLimiterHasCannotBeShared(t *testing.T) {
	t.Parallel()
	for field, limiter := range map[string]fx.Option{
		"WarmUp":  limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerHour(1), WarmUp: time.Minute}),
		"CatchUp": limitfx.LeakyBucket("checkout", limit.LeakyBucketConfig{Rate: limit.PerHour(1), CatchUp: time.Minute}),
	} {
		app := fx.New(fx.NopLogger, redisfx.Module, fx.Supply(config(t, "127.0.0.1:1")), limiter,
			fx.Invoke(fx.Annotate(func(limit.Limiter) {}, fx.ParamTags(`name:"checkout"`))))
		if err := app.Err(); err == nil || !strings.Contains(err.Error(), `"checkout": `+field+` must be 0s when processes share`) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
