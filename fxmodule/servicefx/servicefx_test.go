package servicefx_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
)

// service is a core.Watched whose functions are set by each test.
type service struct {
	start, stop func(ctx context.Context) error
	failed      chan error
}

func (s *service) Start(ctx context.Context) error { return call(ctx, s.start) }
func (s *service) Stop(ctx context.Context) error  { return call(ctx, s.stop) }
func (s *service) Failed() <-chan error            { return s.failed }

func call(ctx context.Context, f func(context.Context) error) error {
	if f == nil {
		return nil
	}
	return f(ctx)
}

func as(name string, s *service) fx.Option {
	return servicefx.AsService(name, func() *service { return s })
}

// app is an application whose log is in the buffer.
func app(opts ...fx.Option) (*fx.App, *bytes.Buffer) {
	var log bytes.Buffer
	return fx.New(fx.NopLogger, fx.Supply(slog.New(slog.NewTextHandler(&log, nil))), fx.Options(opts...)), &log
}

func start(t *testing.T, a *fx.App) {
	t.Helper()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func stop(t *testing.T, a *fx.App) {
	t.Helper()
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

var errBoom = errors.New("boom")

func TestServicesStartInOrderAndStopInReverse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var order []string
		note := func(what string) func(context.Context) error {
			return func(context.Context) error { order = append(order, what); return nil }
		}
		a, _ := app(
			as("one", &service{start: note("start one"), stop: note("stop one")}),
			as("two", &service{start: note("start two"), stop: note("stop two")}),
		)
		for range 2 { // an application can be started again
			order = nil
			start(t, a)
			stop(t, a)
			if want := []string{"start one", "start two", "stop two", "stop one"}; !slices.Equal(order, want) {
				t.Errorf("order = %q, want %q", order, want)
			}
		}
	})
}

func TestErrorsNameTheService(t *testing.T) {
	t.Parallel()
	fail := func(context.Context) error { return errBoom }
	blow := func(context.Context) error { panic(errBoom) }
	for name, c := range map[string]struct {
		service *service
		want    string
	}{
		"of Start":            {&service{start: fail}, `service "worker": start: boom`},
		"of Stop":             {&service{stop: fail}, `service "worker": stop: boom`},
		"of a panic in Start": {&service{start: blow}, `service "worker": start: `},
		"of a panic in Stop":  {&service{stop: blow}, `service "worker": stop: `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, _ := app(as("worker", c.service))
				err := a.Start(t.Context())
				if c.service.start == nil {
					err = errors.Join(err, a.Stop(t.Context()))
				}
				if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("err = %v, want %q", err, c.want)
				}
			})
		})
	}
}

func TestAFailedStartStopsOnlyWhatHasStarted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stopped []string
		note := func(what string) func(context.Context) error {
			return func(context.Context) error { stopped = append(stopped, what); return nil }
		}
		a, _ := app(
			as("one", &service{stop: note("one")}),
			as("two", &service{stop: note("two"), start: func(context.Context) error { return errBoom }}),
			as("three", &service{stop: note("three")}),
		)
		if err := a.Start(t.Context()); !errors.Is(err, errBoom) {
			t.Fatalf("Start = %v, want boom", err)
		}
		if !slices.Equal(stopped, []string{"one"}) {
			t.Errorf("stopped %q, want only the one that had started", stopped)
		}
	})
}

func TestAFailureIsLoggedOnceAndShutsTheApplicationDown(t *testing.T) {
	t.Parallel()
	stops := 0
	s := &service{failed: make(chan error, 1), stop: func(context.Context) error { stops++; return nil }}
	a, log := app(as("worker", s))
	start(t, a)
	done := a.Wait()
	s.failed <- errBoom
	if signal := <-done; signal.ExitCode != 1 {
		t.Errorf("exit code %d, want 1", signal.ExitCode)
	}
	stop(t, a)
	if stops != 1 {
		t.Errorf("stopped %d times after its failure, want once", stops)
	}
	text := log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, `level=ERROR msg="service failed" service=worker error=boom`) {
		t.Errorf("log = %q, want the failure once", text)
	}
}

func TestServicesMayFailAtTheSameTime(t *testing.T) {
	t.Parallel()
	one, two := &service{failed: make(chan error, 1)}, &service{failed: make(chan error, 1)}
	a, _ := app(as("one", one), as("two", two))
	start(t, a)
	done := a.Wait()
	one.failed <- errBoom
	two.failed <- errBoom
	if signal := <-done; signal.ExitCode != 1 {
		t.Errorf("exit code %d, want 1", signal.ExitCode)
	}
	stop(t, a)
}

func TestTheEndOfABackgroundFunctionIsAFailure(t *testing.T) {
	t.Parallel()
	a, log := app(servicefx.AsService("loop", func() *core.Loop {
		return core.Background("loop", func(context.Context) error { return errBoom })
	}))
	start(t, a)
	if signal := <-a.Wait(); signal.ExitCode != 1 {
		t.Errorf("exit code %d, want 1", signal.ExitCode)
	}
	stop(t, a)
	if !strings.Contains(log.String(), "boom") {
		t.Errorf("log = %q", log)
	}
}

func TestAServiceThatHangsLeavesTimeToWhatStopsAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var left time.Duration
		a, _ := app(
			as("telemetry", &service{stop: func(ctx context.Context) error {
				deadline, _ := ctx.Deadline()
				left = time.Until(deadline)
				return nil
			}}),
			as("hung", &service{stop: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}),
		)
		start(t, a)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := a.Stop(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `service "hung": stop: `) {
			t.Errorf("Stop = %v, want the hung service named", err)
		}
		if want := 900 * time.Millisecond; left != want {
			t.Errorf("the next had %v to stop in, want %v", left, want)
		}
	})
}

// hooks is a lifecycle that keeps what is appended.
type hooks struct{ list []fx.Hook }

func (h *hooks) Append(hook fx.Hook) { h.list = append(h.list, hook) }

func TestTheStopHookIsSafeWithoutTheStartHook(t *testing.T) {
	t.Parallel()
	var h hooks
	servicefx.New(servicefx.Params{Lifecycle: &h}).Run("worker", &service{})
	if err := h.list[0].OnStop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAsServiceRefusesWhatIsNoService(t *testing.T) {
	t.Parallel()
	for name, constructor := range map[string]any{
		"another type":   func() int { return 1 },
		"not a function": 1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := fx.ValidateApp(fx.NopLogger, servicefx.AsService("worker", constructor)); err == nil {
				t.Error("the application is valid")
			}
		})
	}
	one := func() *service { return &service{} }
	if err := fx.ValidateApp(fx.NopLogger, servicefx.AsService("a", one), servicefx.AsService("a", one)); err == nil {
		t.Error("an application with two services of one name is valid")
	}
}
