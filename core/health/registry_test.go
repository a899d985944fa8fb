package health_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

func newRegistry(t *testing.T, opts ...health.Option) *health.Registry {
	t.Helper()
	r, err := health.New("app", health.Config{}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func add(t *testing.T, r *health.Registry, group health.Group, name string, run func(context.Context) error) {
	t.Helper()
	if err := r.Add(health.Check{Group: group, Name: name, Run: run}); err != nil {
		t.Fatal(err)
	}
}

// start starts r until the end of the test, and waits for the first run of the checks.
func start(t *testing.T, r *health.Registry) {
	t.Helper()
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
}

func expect(t *testing.T, r *health.Registry, group health.Group, want health.Status) health.Report {
	t.Helper()
	report := r.Report(group)
	if report.Status != want {
		t.Errorf("%s is %s, want %s: %+v", group, report.Status, want, report)
	}
	return report
}

func up(context.Context) error { return nil }

func down(context.Context) error { return errors.New("no connection") }

// stuck does not return when its context ends, only a minute after its start.
func stuck(context.Context) error { <-time.After(time.Minute); return nil }

func TestProbesFollowTheState(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	for _, c := range []struct {
		state                   health.State
		live, ready, hasStarted health.Status
	}{
		{health.Starting, health.Up, health.Down, health.Down},
		{health.Ready, health.Up, health.Up, health.Up},
		{health.Draining, health.Up, health.Down, health.Up},
		{health.Stopped, health.Up, health.Down, health.Up},
	} {
		r.SetState(c.state)
		if got := r.State(); got != c.state {
			t.Errorf("state is %s, want %s", got, c.state)
		}
		expect(t, r, health.Liveness, c.live)
		expect(t, r, health.Readiness, c.ready)
		expect(t, r, health.Startup, c.hasStarted)
	}
}

func TestPendingChecksAreUpForLivenessAndDownForTheRest(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.SetState(health.Ready)
	for group, want := range map[health.Group]health.Status{
		health.Liveness: health.Up, health.Readiness: health.Down, health.Startup: health.Down,
	} {
		add(t, r, group, "never run", up)
		if got := expect(t, r, group, want).Checks[0].Status; got != health.Pending {
			t.Errorf("%s: the check is %s", group, got)
		}
	}
}

func TestChecksCountForTheirGroupOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		r.SetState(health.Ready)
		add(t, r, health.Readiness, "db", down)
		add(t, r, health.Liveness, "loop", up)
		add(t, r, health.Startup, "db", up) // the name is free in each group
		start(t, r)
		expect(t, r, health.Liveness, health.Up)
		expect(t, r, health.Startup, health.Up)
		got := expect(t, r, health.Readiness, health.Down).Checks
		if len(got) != 1 || got[0].Name != "db" || got[0].Error != "no connection" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestProbesNeverRunACheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		runs := 0
		add(t, r, health.Readiness, "counted", func(context.Context) error { runs++; return nil })
		add(t, r, health.Readiness, "stuck", stuck)
		start(t, r)
		begin := time.Now()
		for range 1000 {
			r.Report(health.Readiness)
		}
		if runs != 1 || time.Since(begin) != 0 {
			t.Errorf("%d runs, %v", runs, time.Since(begin))
		}
	})
}

func TestChecksRunOnTheirInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := health.New("app", health.Config{Interval: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		var at []time.Duration
		add(t, r, health.Readiness, "clock", func(context.Context) error { at = append(at, time.Since(begin)); return nil })
		start(t, r)
		<-time.After(150 * time.Second)
		synctest.Wait()
		if got := fmt.Sprint(at); got != "[0s 1m0s 2m0s]" {
			t.Errorf("got %s", got)
		}
	})
}

func TestAFailingCheckIsDownUntilItSucceeds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run  func(context.Context) error
		want string
	}{
		"error":                 {down, "no connection"},
		"panic":                 {func(context.Context) error { panic("boom") }, "core: task panicked: boom"},
		"goexit":                {func(context.Context) error { exit(); return nil }, "core: task panicked or ended its goroutine"},
		"nil pointer as error":  {func(context.Context) error { return (*health1)(nil) }, "<nil>"},
		"hangs with ctx":        {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "timed out after 2s"},
		"succeeds too late":     {func(ctx context.Context) error { <-ctx.Done(); return nil }, "timed out after 2s"},
		"hangs without ctx":     {func(context.Context) error { <-time.After(9 * time.Second); return nil }, "timed out after 2s"},
		"a long error":          {func(context.Context) error { return errors.New(strings.Repeat("é", 1000)) }, strings.Repeat("é", 126) + "?..."},
		"an error in the timer": {func(context.Context) error { return context.DeadlineExceeded }, "context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRegistry(t)
				r.SetState(health.Ready)
				fail := true
				add(t, r, health.Readiness, "flaky", func(ctx context.Context) error {
					if fail {
						return c.run(ctx)
					}
					return nil
				})
				add(t, r, health.Liveness, "other", up)
				start(t, r)
				<-time.After(3 * time.Second)
				got := expect(t, r, health.Readiness, health.Down).Checks[0]
				if got.Status != health.Down || got.Error != c.want {
					t.Errorf("got %+v", got)
				}
				expect(t, r, health.Liveness, health.Up)

				fail = false
				<-time.After(8 * time.Second)
				got = expect(t, r, health.Readiness, health.Up).Checks[0]
				if got.Error != "" || got.Since != got.Checked {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

// health1 is an error whose nil pointer cannot say what it is.
type health1 struct{ text string }

func (e *health1) Error() string { return e.text }

func TestACheckNeverRunsTwiceAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		var at []time.Duration
		begin := time.Now()
		add(t, r, health.Readiness, "slow", func(context.Context) error {
			at = append(at, time.Since(begin))
			<-time.After(25 * time.Second)
			return nil
		})
		start(t, r)
		<-time.After(time.Minute)
		synctest.Wait()
		if got := fmt.Sprint(at); got != "[0s 25s 50s]" {
			t.Errorf("got %s", got)
		}
	})
}

func TestAStartupCheckRunsUntilItIsUpOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		r.SetState(health.Ready)
		runs := 0
		add(t, r, health.Startup, "migration", func(ctx context.Context) error {
			if runs++; runs < 3 {
				return down(ctx)
			}
			return nil
		})
		start(t, r)
		expect(t, r, health.Startup, health.Down)
		<-time.After(time.Hour)
		expect(t, r, health.Startup, health.Up)
		if runs != 3 {
			t.Errorf("%d runs", runs)
		}
	})
}

func TestAddAfterStartRunsTheCheckAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		r.SetState(health.Ready)
		start(t, r)
		add(t, r, health.Readiness, "late", up)
		expect(t, r, health.Readiness, health.Down)
		synctest.Wait()
		expect(t, r, health.Readiness, health.Up)
	})
}

func TestAddRefusesABadCheck(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	add(t, r, health.Readiness, "db", up)
	for name, c := range map[string]struct {
		check health.Check
		want  string
	}{
		"no name":       {health.Check{Run: up}, `health: "app": Check.Name must not be empty, got ""`},
		"long name":     {health.Check{Name: strings.Repeat("x", 129), Run: up}, "Check.Name must have at most 128 bytes"},
		"no function":   {health.Check{Name: "x"}, `health: "app": Check.Run must not be nil, got "x"`},
		"unknown group": {health.Check{Name: "x", Group: 3, Run: up}, "Check.Group must be Readiness, Liveness or Startup, got 3"},
		"same name":     {health.Check{Name: "db", Run: up}, `health: "app": a readiness check "db" exists`},
	} {
		err := r.Add(c.check)
		if err == nil || !strings.Contains(err.Error(), c.want) || core.ErrorType(err) != core.TypeInvalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheNumberOfChecksIsBounded(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	for i := range 128 {
		add(t, r, health.Readiness, fmt.Sprint(i), up)
	}
	err := r.Add(health.Check{Name: "one more", Run: up})
	if err == nil || err.Error() != `health: "app": no room for check "one more" beside 128: invalid` {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesABadConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		name string
		cfg  health.Config
		want string
	}{
		"no name":                {"", health.Config{}, `health: "": name must not be empty`},
		"negative interval":      {"app", health.Config{Interval: -1}, `health: "app": Interval must not be negative, got -1ns`},
		"negative timeout":       {"app", health.Config{Timeout: -1}, "Timeout must not be negative, got -1ns"},
		"timeout above interval": {"app", health.Config{Interval: 1, Timeout: 2}, "Timeout must not be above Interval, which is 1ns, got 2ns"},
		"timeout above default":  {"app", health.Config{Timeout: time.Minute}, "Timeout must not be above Interval, which is 10s, got 1m0s"},
	} {
		r, err := health.New(c.name, c.cfg)
		if r != nil || err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: got %v, %v", name, r, err)
		}
	}
	if _, err := health.New("app", health.Config{Interval: time.Second}); err != nil {
		t.Errorf("an interval below the default timeout: %v", err)
	}
}

func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	r, err := health.New("app", health.Config{Interval: 100 * time.Microsecond},
		health.WithOnChange(func(health.Change) {}))
	if err != nil {
		t.Fatal(err)
	}
	var workers sync.WaitGroup
	for i := range 8 {
		workers.Go(func() {
			for j := range 10 {
				_ = r.Start(t.Context())
				_ = r.Add(health.Check{Group: health.Group(j % 3), Name: fmt.Sprint(i, j), Run: []func(context.Context) error{up, down}[j%2]})
				r.SetState(health.State(j % 4))
				r.Report(health.Group(j % 3))
				r.Changes()
				if err := r.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
}
