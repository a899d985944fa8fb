package flowadmin_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/sched"
)

// act is an action, and what it is to say.
type act struct {
	action string
	args   map[string]string
	want   string
	is     error // of the error; nil for none
}

// requireActs does one action after the other.
func requireActs(t *testing.T, e flowadmin.Engine, acts ...act) {
	t.Helper()
	for _, a := range acts {
		text, err := do(t, e, a.action, a.args)
		if text != a.want || !errors.Is(err, a.is) {
			t.Errorf("%s: got %q, %v, want %q, %v", a.action, text, err, a.want, a.is)
		}
		synctest.Wait()
	}
}

func TestABreakerIsForcedAndResetByConfirmedActions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := made[*resilience.Breaker](t)(resilience.NewBreaker("payments", resilience.BreakerConfig{}))
		t.Cleanup(b.Close)
		e := flowadmin.Breaker(b)
		requireState(t, e, "state=closed;", "calls in the window=0")
		requireActs(t, e,
			act{"force_open", nil, "breaker closed -> open (forced)", nil},
			act{"force_closed", nil, "breaker open (forced) -> closed (forced)", nil},
			act{"reset", nil, "breaker closed (forced) -> closed", nil},
			act{"force_open", nil, "breaker closed -> open (forced)", nil},
		)
		if err := b.Do(t.Context(), func(context.Context) error { return nil }); !errors.Is(err, core.ErrRejected) {
			t.Errorf("a forced breaker: got %v, want a rejection", err)
		}
		for _, a := range e.Actions {
			if want := a.Name != "reset"; a.Confirm != want {
				t.Errorf("%s: Confirm = %v, want %v", a.Name, a.Confirm, want)
			}
		}
	})
}

func TestAJobIsPausedResumedAndRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := made[*sched.Scheduler](t)(sched.New("jobs", sched.Config{}))
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var runs atomic.Int64
		done := make(chan struct{})
		j := made[*sched.Job](t)(s.Schedule(t.Context(), "sweep", sched.Every(time.Minute), func(context.Context) error {
			runs.Add(1)
			<-done
			return nil
		}))
		e := flowadmin.Job(j)
		requireActs(t, e, act{"pause", nil, `job "sweep": scheduled, 0 running, 0 waiting -> paused, 0 running, 0 waiting`, nil})
		requireState(t, e, "next=never", "state=paused")
		<-time.After(time.Hour)
		if got := runs.Load(); got != 0 {
			t.Errorf("a paused job ran %d times", got)
		}
		requireActs(t, e,
			act{"run_now", nil, `job "sweep": paused, 0 running, 0 waiting -> paused, 1 running, 0 waiting`, nil},
			act{"run_now", nil, "", core.ErrRejected},
		)
		close(done)
		synctest.Wait()
		requireActs(t, e, act{"resume", nil, `job "sweep": paused, 0 running, 0 waiting -> scheduled, 0 running, 0 waiting`, nil})
		requireState(t, e, "run of 2000-01-01T01:00:00", "=success in 0s", "1 succeeded, 0 failed")
		<-time.After(90 * time.Second)
		if got := runs.Load(); got != 2 {
			t.Errorf("%d runs, want another after it was resumed", got)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		requireActs(t, e, act{"run_now", nil, "", core.ErrClosed})
	})
}

func TestAPoolIsResized(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := made[*sched.Pool](t)(sched.NewPool("images", sched.PoolConfig{MinWorkers: 2, MaxWorkers: 8, Queue: 10}))
		e := flowadmin.Pool(p)
		requireActs(t, e, act{"resize", map[string]string{"min": "4", "max": "16"}, "workers 2 to 8 -> 4 to 16", nil})
		requireState(t, e, "workers=0 (0 idle), 4 to 16 there may be", "running=0", "queue=0 of 10")
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnApplicationIsDrainedAndPutBackByOperatorsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := made[*health.Registry](t)(health.New("shop", health.Config{}))
		e := flowadmin.App(h)
		if e.Kind != "app" || e.Name != "shop" {
			t.Errorf("it is %s %q, want app shop", e.Kind, e.Name)
		}
		drain, undo := act{"drain", nil, `app "shop" ready -> draining`, nil}, act{"undo_drain", nil, `app "shop" draining -> ready`, nil}
		requireActs(t, e, act{"drain", nil, "", core.ErrRejected}, act{"undo_drain", nil, "", core.ErrRejected})
		h.SetState(health.Ready)
		requireActs(t, e, act{"undo_drain", nil, "", core.ErrRejected}, drain)
		requireState(t, e, "state=draining", "readiness=down")
		requireActs(t, e, act{"drain", nil, "", core.ErrRejected}, undo, drain, undo)
		requireState(t, e, "state=ready", "readiness=up")
		h.SetState(health.Draining) // it stops
		requireActs(t, e, act{"undo_drain", nil, "", core.ErrRejected})
		if got := h.State(); got != health.Draining {
			t.Errorf("the state is %v, want draining", got)
		}
	})
}

func TestAnApplicationSaysWhatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := made[*health.Registry](t)(health.New("shop", health.Config{}))
		check := health.Check{Name: "db", Run: func(context.Context) error { return errors.New("no answer") }}
		if err := errors.Join(h.Add(check), h.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		requireState(t, flowadmin.App(h), "down: db=no answer")
		if err := h.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
