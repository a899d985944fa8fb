package health_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/health"
)

func TestTheLast32RunsAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		if got := r.History(health.Readiness, "x"); got == nil || len(got) != 0 {
			t.Errorf("a check that is not there has %v, want none", got)
		}
		runs := 0
		add(t, r, health.Liveness, "x", up)
		add(t, r, health.Readiness, "x", func(context.Context) error {
			<-time.After(time.Second)
			if runs++; runs%2 == 0 {
				return fmt.Errorf("fault %d", runs)
			}
			return nil
		})
		begin := time.Now()
		start(t, r)
		for want := range 40 {
			if got := r.History(health.Readiness, "x"); len(got) != min(want, 32) {
				t.Errorf("after %d runs %d are kept", want, len(got))
			}
			<-time.After(10 * time.Second)
			synctest.Wait()
		}
		got := r.History(health.Readiness, "x")
		if first := got[0]; first.Time.Sub(begin) != 81*time.Second || first.Status != health.Up || first.Took != time.Second {
			t.Errorf("the first is %+v", first)
		}
		if last := got[31]; last.Status != health.Down || last.Error != "fault 40" {
			t.Errorf("the last is %+v", last)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if again := r.History(health.Readiness, "x"); len(again) != 32 {
			t.Errorf("after Stop %d are kept", len(again))
		}
	})
}

func TestEveryRunIsToldBeforeItsChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		var told []string
		stop := r.OnRun(func(g health.Group, name string, run health.Run) {
			told = append(told, fmt.Sprint("run ", g, " ", name, " ", run.Status))
		})
		r.OnRun(func(health.Group, string, health.Run) { panic("contained") })
		r.OnChange(func(c health.Change) { told = append(told, c.To) })
		add(t, r, health.Liveness, "x", down)
		start(t, r)
		<-time.After(15 * time.Second)
		stop()
		<-time.After(time.Minute)
		if got, want := fmt.Sprint(told), "[run liveness x down down run liveness x down]"; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

func TestChecksMayHaveTheirOwnIntervalAndTimeout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		check health.Check
		want  int // runs in 30 s
	}{
		"as the registry by default":            {health.Check{}, 4},
		"often":                                 {health.Check{Interval: time.Second}, 31},
		"seldom":                                {health.Check{Interval: time.Minute, Timeout: 30 * time.Second}, 1},
		"an interval below the default timeout": {health.Check{Interval: 100 * time.Millisecond}, 301},
		"a timeout leaves the interval untouched": {health.Check{Timeout: time.Millisecond}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, runs := newRegistry(t), 0
				c.check.Name, c.check.Run = "x", func(context.Context) error { runs++; return nil }
				if err := r.Add(c.check); err != nil {
					t.Fatal(err)
				}
				start(t, r)
				<-time.After(30*time.Second + time.Microsecond)
				synctest.Wait()
				if runs != c.want {
					t.Errorf("%d runs, want %d", runs, c.want)
				}
			})
		})
	}
}

func TestATimeoutIsTheChecksOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		for name, timeout := range map[string]time.Duration{"1s": time.Second, "9s": 9 * time.Second} {
			if err := r.Add(health.Check{Name: name, Timeout: timeout, Run: wait}); err != nil {
				t.Fatal(err)
			}
		}
		start(t, r)
		<-time.After(9500 * time.Millisecond)
		for _, c := range r.Report(health.Readiness).Checks {
			if want := "timed out after " + c.Name; c.Error != want || c.Took.String() != c.Name {
				t.Errorf("check %s: %q after %v, want %q", c.Name, c.Error, c.Took, want)
			}
		}
	})
}

// wrong are the ways a check can go wrong, and fine are two in which it does not.
func wrong() []func(context.Context) error {
	return []func(context.Context) error{
		down,
		func(context.Context) error { panic(errors.New("boom")) },
		func(context.Context) error { exit(); return nil },
		func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		stuck,
		func(context.Context) error { return hostile{} },
		up,
		func(context.Context) error { return health.ErrDegraded },
	}
}

func TestAFullRegistryOfBadChecksAnswersAndStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		r.SetState(health.Ready)
		kinds := wrong()
		for i := range 128 {
			check := health.Check{Group: health.Group(i % 2), Name: fmt.Sprint(i), Run: kinds[i/2%len(kinds)], FailureThreshold: 1 + i%3}
			if err := r.Add(check); err != nil {
				t.Fatal(err)
			}
		}
		start(t, r)
		<-time.After(10 * time.Minute)
		for _, group := range []health.Group{health.Readiness, health.Liveness} {
			count := map[health.Status]int{}
			report := expect(t, r, group, health.Down)
			for _, c := range report.Checks {
				count[c.Status]++
			}
			if count[health.Up] != 8 || count[health.Degraded] != 8 || count[health.Down] != 48 || report.Degraded != 8 {
				t.Errorf("%s: %v, %d degraded", group, count, report.Degraded)
			}
		}
		begin := time.Now()
		r.SetState(health.Draining)
		expect(t, r, health.Readiness, health.Down)
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("Stop took %v", took)
		}
	})
}
