package health_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
				var mended atomic.Bool
				add(t, r, health.Readiness, "flaky", func(ctx context.Context) error {
					if mended.Load() {
						return nil
					}
					return c.run(ctx)
				})
				add(t, r, health.Liveness, "other", up)
				start(t, r)
				<-time.After(3 * time.Second)
				got := expect(t, r, health.Readiness, health.Down).Checks[0]
				if got.Status != health.Down || got.Error != c.want {
					t.Errorf("got %+v", got)
				}
				expect(t, r, health.Liveness, health.Up)

				mended.Store(true)
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
