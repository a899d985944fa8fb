package fxmodule_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// umbrella is the whole module on a free port.
func umbrella(opts ...fx.Option) fx.Option {
	return fx.Options(fx.NopLogger, fxmodule.Module, fx.Supply(adminfx.Config{Addr: "127.0.0.1:0"}), fx.Options(opts...))
}

func ask(ctx context.Context, s adminfx.Server, url string) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr().String()+url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

func TestReadyzIsUpOnlyBetweenStartAndStop(t *testing.T) {
	t.Parallel()
	var admin adminfx.Server
	seen := map[string]int{}
	note := func(when string) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			seen[when], _, err = ask(ctx, admin, "/readyz")
			return err
		}
	}
	a := fx.New(umbrella(
		fx.Supply(otelsdk.Config{ServiceName: "shop"}),
		fx.Populate(&admin),
		fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.Hook{OnStart: note("starting"), OnStop: note("stopping")}) }),
	))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := note("started")(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, metrics, err := ask(t.Context(), admin, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"go_goroutine_count", `target_info{`, `service_name="shop"`} {
		if !strings.Contains(metrics, part) {
			t.Errorf("/metrics has no %s", part)
		}
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]int{"starting": 503, "started": 200, "stopping": 503} {
		if seen[when] != want {
			t.Errorf("/readyz answered %d while %s, want %d", seen[when], when, want)
		}
	}
}

// order is a span processor that notes what stops when.
type order struct {
	*tracetest.SpanRecorder
	list []string
}

func (o *order) Shutdown(context.Context) error {
	o.list = append(o.list, "telemetry")
	return nil
}

// stops is an fx logger that notes in which packages the stop hooks are.
type stops struct{ packages []string }

func (s *stops) LogEvent(e fxevent.Event) {
	if e, ok := e.(*fxevent.OnStopExecuting); ok {
		name, _, _ := strings.Cut(path.Base(e.FunctionName), ".")
		s.packages = append(s.packages, name)
	}
}

func TestServersStopBeforeLimitersAndTelemetryLast(t *testing.T) {
	t.Parallel()
	var s stops
	a := fx.New(umbrella(
		fx.WithLogger(func() fxevent.Logger { return &s }),
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(1)}),
		httpfx.AsHandler("api", http.NotFoundHandler),
		httpfx.Serve("api", httpfx.Config{Server: flowhttp.ServerConfig{Addr: "127.0.0.1:0"}, Limit: "clients"}),
	))
	if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"fxmodule",    // not ready
		"servicefx",   // the server
		"limitfx",     // its limiter
		"servicefx",   // the admin port
		"health",      // its probes
		"watch",       // what they report
		"telemetryfx", // all that was reported
	}
	if got := slices.Compact(s.packages); !slices.Equal(got, want) {
		t.Errorf("stopped in the order %q, want %q", got, want)
	}
}

func TestTelemetryOfTheStopIsExported(t *testing.T) {
	t.Parallel()
	o := &order{SpanRecorder: tracetest.NewSpanRecorder()}
	a := fx.New(umbrella(
		telemetryfx.AsSpanProcessor(func() *order { return o }),
		fx.Invoke(func(lc fx.Lifecycle, tracers trace.TracerProvider) {
			lc.Append(fx.StopHook(func(ctx context.Context) {
				_, span := tracers.Tracer("test").Start(ctx, "stop")
				span.End()
				o.list = append(o.list, "hook")
			}))
		}),
	))
	if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.list, []string{"hook", "telemetry"}) || len(o.Ended()) != 1 {
		t.Errorf("order %q with %d spans, want the hook's span before telemetry stops", o.list, len(o.Ended()))
	}
}

func TestAHookThatHangsEndsWithTheStopBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := app(fxmodule.Lifecycle(), fx.StopTimeout(fxmodule.StopTimeout), fx.StopTimeout(3*time.Second),
			fx.Invoke(func(lc fx.Lifecycle) {
				lc.Append(fx.StopHook(func(ctx context.Context) error {
					<-ctx.Done()
					return ctx.Err()
				}))
			}))
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), a.StopTimeout()) // as app.Run does
		defer cancel()
		begin := time.Now()
		if err := a.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stop = %v, want the deadline", err)
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("Stop took %v, want the 3 s of fx.StopTimeout", took)
		}
	})
}

func TestTelemetryIsFlushedAlthoughAServiceHangs(t *testing.T) {
	t.Parallel()
	o := &order{SpanRecorder: tracetest.NewSpanRecorder()}
	a := fx.New(umbrella(
		telemetryfx.AsSpanProcessor(func() *order { return o }),
		servicefx.AsService("hung", func(trace.TracerProvider) *core.Loop {
			return core.Background("hung", func(ctx context.Context) error {
				<-ctx.Done()
				<-t.Context().Done() // for longer than the budget
				return nil
			})
		}),
	))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second) // of which a tenth is left to the others
	defer cancel()
	if err := a.Stop(ctx); err == nil || !strings.Contains(err.Error(), `service "hung": stop: `) {
		t.Errorf("Stop = %v, want the hung service named", err)
	}
	if !slices.Equal(o.list, []string{"telemetry"}) {
		t.Error("telemetry was not flushed")
	}
}

func TestTheStopBudgetIsModulesUnlessALaterOneIsListed(t *testing.T) {
	t.Parallel()
	if got := fx.New(umbrella()).StopTimeout(); got != fxmodule.StopTimeout {
		t.Errorf("StopTimeout = %v, want %v", got, fxmodule.StopTimeout)
	}
	if got := fx.New(umbrella(), fx.StopTimeout(time.Second)).StopTimeout(); got != time.Second {
		t.Errorf("StopTimeout = %v, want 1s", got)
	}
}

func TestTheUmbrellaIsAValidApplicationOnce(t *testing.T) {
	t.Parallel()
	if err := fx.ValidateApp(fx.NopLogger, fxmodule.Module); err != nil {
		t.Error(err)
	}
	if err := fx.ValidateApp(fx.NopLogger, fxmodule.Module, fxmodule.Module); err == nil || !strings.Contains(err.Error(), "already provided") {
		t.Errorf("listed twice: %v", err)
	}
}

func TestTheErrorOfABadConfigNamesTheInstanceAndTheField(t *testing.T) {
	t.Parallel()
	err := fx.New(umbrella(
		limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerSecond(1), Burst: -1}),
		fx.Invoke(fx.Annotate(func(limit.Limiter) {}, fx.ParamTags(`name:"checkout"`))),
	)).Err()
	if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), `limit: "checkout": Burst must`) {
		t.Errorf("Err = %v", err)
	}
}

func TestAnApplicationCanBeStartedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n *notes
		a := app(fxmodule.Lifecycle(), fx.Populate(&n),
			fx.Provide(withHooks("part")), fx.Invoke(func(part) {}))
		for range 3 {
			n.list = nil
			if err := a.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			n.add("between")
			if err := a.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := []string{"start part starting", "between ready", "stop part draining"}; !slices.Equal(n.list, want) {
				t.Errorf("saw %q, want %q", n.list, want)
			}
		}
	})
}
