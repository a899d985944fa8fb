package bootfx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/bootfx"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// store takes 2 s to make, 3 s to open and 5 s to close.
type store struct{ lacks, refuses error }

// fault is what goes wrong with the store.
type fault struct{ construct, open, close error }

func newStore(lc fx.Lifecycle, f fault) (*store, error) {
	<-time.After(2 * time.Second)
	s := &store{f.open, f.close}
	lc.Append(fx.StartStopHook(s.open, s.close))
	return s, f.construct
}

func (s *store) open() error  { <-time.After(3 * time.Second); return s.lacks }
func (s *store) close() error { <-time.After(5 * time.Second); return s.refuses }

// cache starts before the store.
type cache struct{}

func newCache(lc fx.Lifecycle) cache {
	lc.Append(fx.StartStopHook(cache{}.warm, cache{}.drop))
	return cache{}
}

func (cache) warm() {}
func (cache) drop() { <-time.After(time.Second) }

func serve(cache, *store) { <-time.After(7 * time.Second) }

func recorded(rec *telemetrytest.Recorder) fx.Option {
	return fx.Provide(
		func() trace.TracerProvider { <-time.After(time.Second); return rec.TracerProvider() },
		func() log.LoggerProvider { return rec.LoggerProvider() },
	)
}

// shop is the application of most tests.
func shop(f fault, opts ...fx.Option) *fx.App {
	return fx.New(fx.Supply(f), fx.Options(opts...), fx.Provide(newCache), fx.Module("stock", fx.Provide(newStore)), fx.Invoke(serve))
}

// events is a logger that keeps what it is told.
type events struct{ list []string }

func (e *events) LogEvent(ev fxevent.Event) {
	if text := fmt.Sprintf("%T%+v", ev, ev); !strings.Contains(text, "bootfx.") {
		e.list = append(e.list, text)
	}
}

func TestAnApplicationsStartAndStopAreTwoTraces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		a := shop(fault{}, recorded(rec), bootfx.Trace(fxevent.NopLogger))
		if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
			t.Fatal(err)
		}
		rec.Golden("testdata/run.txt")
		rec.RequireDeclared()
	})
}

func TestWhatRanBeforeTheLoggerIsShownOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		begin := time.Now()
		withStore := func(*store) fxevent.Logger { return fxevent.NopLogger } // which makes fx construct the store early
		a := shop(fault{}, recorded(rec), bootfx.TraceWith(withStore))
		if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
			t.Fatal(err)
		}
		root := rec.RequireSpan("app start")
		if !root.StartTime().Equal(begin) {
			t.Errorf("app start begins %v after fx.New, want with it", root.StartTime().Sub(begin))
		}
		s := rec.RequireSpan("construct bootfx_test.newStore")
		if from, to := s.StartTime().Sub(begin), s.EndTime().Sub(begin); from != time.Second || to != 3*time.Second {
			t.Errorf("the store is made from %v to %v, want from 1s, when the provider is there, to 3s", from, to)
		}
	})
}

func TestAFailedConstructorFailsTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		a := shop(fault{construct: core.ErrClosed}, recorded(rec), bootfx.Trace(fxevent.NopLogger))
		if err := a.Start(t.Context()); !errors.Is(err, core.ErrClosed) {
			t.Fatalf("Start = %v, want the constructor's error", err)
		}
		closed := flowconv.ErrorTypeKey.String(core.TypeClosed)
		for _, name := range []string{"app start", "invoke bootfx_test.serve", "construct bootfx_test.newStore"} {
			if s := rec.RequireSpan(name, closed); s.Status().Code != codes.Error {
				t.Errorf("%s has status %v, want an error", name, s.Status().Code)
			}
		}
		rec.RequireEvent(flowconv.EventAppStartFailed, closed)
		if n := len(rec.Logs()); n != 1 {
			t.Errorf("got %d events, want one", n)
		}
		rec.RequireDeclared()
	})
}

func TestAnApplicationThatCannotBeBuiltIsAFailedStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		a := shop(fault{}, recorded(rec), bootfx.Trace(fxevent.NopLogger), fx.Provide(newCache)) // twice
		if a.Err() == nil {
			t.Fatal("the application was built, want an error")
		}
		if s := rec.RequireSpan("app start"); s.Status().Code != codes.Error {
			t.Errorf("app start has status %v, want an error", s.Status().Code)
		}
		rec.RequireEvent(flowconv.EventAppStartFailed)
	})
}

func TestAFailedStartHookIsRolledBackInTheSameTrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		a := shop(fault{open: core.ErrClosed}, recorded(rec), bootfx.Trace(fxevent.NopLogger))
		if err := a.Start(t.Context()); !errors.Is(err, core.ErrClosed) {
			t.Fatalf("Start = %v, want the hook's error", err)
		}
		rec.Golden("testdata/rollback.txt")
		rec.RequireDeclared()
	})
}

func TestAFailedStopHookFailsTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		a := shop(fault{close: core.ErrClosed}, recorded(rec), bootfx.Trace(fxevent.NopLogger))
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := a.Stop(t.Context()); !errors.Is(err, core.ErrClosed) {
			t.Fatalf("Stop = %v, want the hook's error", err)
		}
		closed := flowconv.ErrorTypeKey.String(core.TypeClosed)
		rec.RequireSpan("app start")
		rec.RequireSpan("app stop", closed)
		rec.RequireSpan("stop bootfx_test.store.close", closed)
		rec.RequireSpan("stop bootfx_test.cache.drop")
		rec.RequireNoEvent(flowconv.EventAppStartFailed)
	})
}

func TestAStartOrStopThatRunsOutOfTimeEndsThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		within := func(d time.Duration, f func(context.Context) error) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			if err := f(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the deadline", err)
			}
			synctest.Wait()
		}
		timeout := flowconv.ErrorTypeKey.String(core.TypeTimeout)
		late := shop(fault{}, recorded(rec), bootfx.Trace(fxevent.NopLogger))
		within(time.Second, late.Start)
		<-time.After(time.Minute) // the hook that is late ends
		if n := len(rec.Spans()); n == 0 || rec.Spans()[n-1].Name() != "app start" {
			t.Error("a span came after the trace's end")
		}
		rec.RequireSpan("app start", timeout)

		slow := shop(fault{}, recorded(rec), bootfx.Trace(fxevent.NopLogger))
		if err := slow.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		within(time.Second, slow.Stop)
		rec.RequireSpan("app stop", timeout)
		<-time.After(time.Minute)
	})
}

func TestAnApplicationStartedAgainHasATraceOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		a := shop(fault{}, recorded(rec), bootfx.Trace(fxevent.NopLogger))
		for range 3 {
			if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"app start", "app stop", "start bootfx_test.store.open", "stop bootfx_test.store.close"} {
			got := 0
			for _, s := range rec.Spans() {
				if s.Name() == name {
					got++
				}
			}
			if got != 3 {
				t.Errorf("got %d spans %q, want 3", got, name)
			}
		}
	})
}

func TestTheNextLoggerIsToldAllUnchanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault fault
		trace func(*events) fx.Option
	}{
		"a logger that is there":    {fault{}, func(e *events) fx.Option { return bootfx.Trace(e) }},
		"a logger out of the graph": {fault{}, func(e *events) fx.Option { return bootfx.TraceWith(func() fxevent.Logger { return e }) }},
		"a logger of a type":        {fault{}, func(e *events) fx.Option { return bootfx.TraceWith(func() (*events, error) { return e, nil }) }},
		"a constructor that fails":  {fault{construct: core.ErrClosed}, func(e *events) fx.Option { return bootfx.Trace(e) }},
		"a start hook that fails":   {fault{open: core.ErrClosed}, func(e *events) fx.Option { return bootfx.Trace(e) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var alone, traced events
				early := func(fx.Lifecycle) fxevent.Logger { return &alone } // takes what bootfx does
				for _, opt := range []fx.Option{fx.WithLogger(early), c.trace(&traced)} {
					a := shop(c.fault, opt)
					if err := a.Start(t.Context()); err == nil {
						_ = a.Stop(t.Context())
					}
				}
				got, want := withoutStacks(traced.list), withoutStacks(alone.list)
				if !slices.Equal(got, want) {
					t.Errorf("the logger was told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		})
	}
}

// withoutStacks cuts events before the first stack, which differs from application to application.
func withoutStacks(list []string) []string {
	short := make([]string, 0, len(list))
	for _, e := range list {
		if strings.HasPrefix(e, "*fxevent.LoggerInitialized") {
			continue // its constructor is bootfx
		}
		for _, cut := range []string{" StackTrace:", " Trace:", "0x"} {
			e, _, _ = strings.Cut(e, cut)
		}
		short = append(short, e)
	}
	return short
}

// silence is where fx logs when the logger cannot be made.
type silence struct{}

func (silence) Printf(string, ...any) {}

func TestAFailedLoggerFailsTheApplication(t *testing.T) {
	t.Parallel()
	a := fx.New(fx.Logger(silence{}), bootfx.TraceWith(func() (fxevent.Logger, error) { return nil, core.ErrClosed }))
	if err := a.Err(); !errors.Is(err, core.ErrClosed) {
		t.Errorf("Err = %v, want the constructor's", err)
	}
}

func TestWithoutAnSDKAnApplicationRunsUntraced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var e events
		a := shop(fault{}, bootfx.Trace(&e))
		if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
			t.Error(err)
		}
		if len(e.list) == 0 {
			t.Error("the next logger was told nothing")
		}
	})
}

// processor keeps the spans that ended before its shutdown or, by a flush, before the process would end.
type processor struct {
	*tracetest.SpanRecorder

	flushed, atShutdown []string
}

func (p *processor) names() (list []string) {
	for _, s := range p.Ended() {
		list = append(list, s.Name())
	}
	return list
}

func (p *processor) ForceFlush(context.Context) error { p.flushed = p.names(); return nil }
func (p *processor) Shutdown(context.Context) error   { p.atShutdown = p.names(); return nil }

// umbrella is an application on fxmodule.Module.
func umbrella(p *processor, opts ...fx.Option) *fx.App {
	return fx.New(bootfx.Trace(fxevent.NopLogger), fxmodule.Module, fx.Supply(adminfx.Config{Addr: "127.0.0.1:0"}),
		telemetryfx.AsSpanProcessor(func() *processor { return p }), fx.Options(opts...))
}

func TestTheStopOfTheUmbrellaIsTracedBeforeTheSDKStops(t *testing.T) {
	t.Parallel()
	p := &processor{SpanRecorder: tracetest.NewSpanRecorder()}
	a := umbrella(p, fx.Provide(newCache), fx.Invoke(func(cache) {}))
	if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"app start", "construct telemetryfx.New", "construct healthfx.New", "construct bootfx_test.newCache",
		"decorate fxmodule.Lifecycle", "start bootfx_test.cache.warm",
		"app stop", "stop bootfx_test.cache.drop",
	} {
		if !slices.Contains(p.atShutdown, name) {
			t.Errorf("no span %q when the SDK was shut down, there is %q", name, p.atShutdown)
		}
	}
	gates := slices.DeleteFunc(p.names(), func(name string) bool { return !strings.Contains(name, "fxmodule.gate") })
	if !slices.Equal(gates, []string{"stop fxmodule.gate.drain"}) {
		t.Errorf("of the lifecycle's own hooks there is %q, want the first stop", gates)
	}
}

func TestAStartThatFailsIsFlushed(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for name, opt := range map[string]fx.Option{
		"when it is built": fx.Invoke(func() error { return boom }),
		"by a hook":        fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(func() error { return boom })) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &processor{SpanRecorder: tracetest.NewSpanRecorder()}
			if err := umbrella(p, opt).Start(t.Context()); !errors.Is(err, boom) {
				t.Fatalf("Start = %v, want boom", err)
			}
			if !slices.Contains(append(p.flushed, p.atShutdown...), "app start") {
				t.Errorf("flushed %q, want app start", p.flushed)
			}
		})
	}
}

func TestAllThatIsDeclaredOfAnApplicationIsEmitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		for _, f := range []fault{{}, {open: core.ErrClosed}} {
			a := shop(f, recorded(rec), healthfx.Module, fxmodule.Lifecycle(), bootfx.Trace(fxevent.NopLogger))
			if err := a.Start(t.Context()); err == nil {
				_ = a.Stop(t.Context())
			}
		}
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.app.")
	})
}
