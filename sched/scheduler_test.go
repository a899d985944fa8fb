package sched_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

var errDown = errors.New("down")

// well is a task that succeeds.
func well(context.Context) error { return nil }

// newScheduler makes a scheduler that runs until the test ends.
func newScheduler(t testing.TB, cfg sched.Config, opts ...sched.Option) *sched.Scheduler {
	t.Helper()
	s := newStopped(t, cfg, opts...)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// newStopped makes a scheduler that was not started.
func newStopped(t testing.TB, cfg sched.Config, opts ...sched.Option) *sched.Scheduler {
	t.Helper()
	s, err := sched.New("maintenance", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func schedule(t testing.TB, s *sched.Scheduler, trigger sched.Trigger, task core.Task, opts ...sched.JobOption) *sched.Job {
	t.Helper()
	j, err := s.Schedule(t.Context(), "report", trigger, task, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// pass lets time pass, and what was due in it happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// counter counts runs and says when they started.
type counter struct {
	n    atomic.Int64
	took time.Duration // how long each run takes; until its context ends when negative
}

func (c *counter) run(ctx context.Context) error {
	c.n.Add(1)
	if c.took == 0 {
		return nil
	}
	done := time.After(c.took)
	if c.took < 0 {
		done = nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestAJobRunsWheneverItIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		start := time.Now()
		var at []time.Duration
		schedule(t, s, sched.Every(time.Minute), func(context.Context) error {
			at = append(at, time.Since(start))
			return nil
		})
		pass(3*time.Minute + time.Second)
		if got := fmt.Sprint(at); got != "[1m0s 2m0s 3m0s]" {
			t.Errorf("it ran after %v, want each minute", got)
		}
	})
}

func TestNothingRunsBeforeStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStopped(t, sched.Config{})
		var c counter
		schedule(t, s, sched.Every(time.Minute), c.run)
		timer, err := s.After(t.Context(), time.Second, c.run)
		if err != nil {
			t.Fatal(err)
		}
		pass(10*time.Minute + time.Second)
		if got := c.n.Load(); got != 0 {
			t.Fatalf("%d runs before Start", got)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := c.n.Load(); got != 2 {
			t.Errorf("%d runs at Start, want the timer's and the one that misfired", got)
		}
		if timer.Stop() {
			t.Error("the timer could be stopped after it had fired")
		}
	})
}

func TestStartIsAnErrorUntilStopAndWorksAgainAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), `"maintenance" is already started`) {
			t.Errorf("a second Start gave %v", err)
		}
		var c counter
		j := schedule(t, s, sched.Every(time.Minute), c.run)
		for range 3 {
			pass(time.Minute + time.Second)
			before := c.n.Load()
			if err := s.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Errorf("a second Stop gave %v", err)
			}
			pass(10 * time.Minute)
			if got := c.n.Load(); got != before {
				t.Fatalf("%d runs while stopped", got-before)
			}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got := c.n.Load(); got != before+1 {
				t.Errorf("%d runs at Start for 10 missed, want 1", got-before)
			}
		}
		if st := j.Stats(); st.Missed == 0 || st.Success != c.n.Load() {
			t.Errorf("stats %+v after %d runs", st, c.n.Load())
		}
	})
}

func TestStopWaitsThenCancelsThenReports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		task core.Task
		want string
	}{
		"a task that ends in time":               {(&counter{took: 5 * time.Second}).run, ""},
		"a task that ends when its context does": {(&counter{took: -1}).run, ""},
		"a task that does not listen": {
			func(context.Context) error { <-time.After(time.Minute); return nil },
			`sched: scheduler "maintenance" stopped with 0 tasks handed back and 1 still running (report): context deadline exceeded`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScheduler(t, sched.Config{})
				var cause error
				j := schedule(t, s, sched.After(time.Second), func(ctx context.Context) error {
					defer func() { cause = context.Cause(ctx) }()
					return c.task(ctx)
				})
				pass(time.Second)
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				err := s.Stop(ctx)
				if got := fmt.Sprint(err); got != c.want && (err != nil || c.want != "") {
					t.Errorf("Stop gave %q, want %q", got, c.want)
				}
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("Stop took %v", took)
				}
				var stopped *sched.StoppedError
				if name == "a task that ends when its context does" {
					if took := time.Since(begin); took != 9*time.Second || !errors.As(cause, &stopped) {
						t.Errorf("it was ended after %v because of %v, want after 9s of the stop", took, cause)
					}
					if st := j.Stats(); st.Cancelled != 1 {
						t.Errorf("stats %+v, want one cancelled", st)
					}
				}
				pass(time.Hour) // what did not listen ends
			})
		})
	}
}

func TestTwoHoursOfAShortIntervalDoNotDrift(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		start := time.Now()
		var n int
		var worst time.Duration
		j := schedule(t, s, sched.Every(100*time.Millisecond), func(ctx context.Context) error {
			n++
			o, _ := core.OccurrenceOf(ctx)
			want := start.Add(time.Duration(n) * 100 * time.Millisecond)
			worst = max(worst, time.Since(want).Abs(), o.Time.Sub(want).Abs())
			return nil
		})
		pass(2*time.Hour + time.Millisecond)
		if n != 72_000 || worst != 0 {
			t.Errorf("%d runs, at most %v off; want 72000 and 0", n, worst)
		}
		if st := j.Stats(); st.Success != 72_000 || st.Missed+st.Skipped != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestAJobsRunsHaveTheSchedulersTimeoutOrTheirOwnFromTheirStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts []sched.JobOption
		want time.Duration
	}{
		"the scheduler's": {nil, 10 * time.Second},
		"the job's":       {[]sched.JobOption{sched.WithTimeout(2 * time.Second)}, 2 * time.Second},
		"none":            {[]sched.JobOption{sched.WithTimeout(0)}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScheduler(t, sched.Config{Timeout: 10 * time.Second})
				var c2 counter
				c2.took = time.Hour
				j := schedule(t, s, sched.At(time.Now().Add(24*time.Hour)), c2.run, c.opts...)
				pass(48 * time.Hour)
				runs := j.History()
				if len(runs) != 1 || runs[0].Duration != c.want {
					t.Fatalf("history %+v, want one run of %v", runs, c.want)
				}
				if c.want < time.Hour && (runs[0].Outcome != sched.Failure || core.ErrorType(runs[0].Err) != core.TypeTimeout) {
					t.Errorf("it ended %v with %v", runs[0].Outcome, runs[0].Err)
				}
			})
		})
	}
}

func TestConfigFaultsNameSchedulerFieldAndValue(t *testing.T) {
	t.Parallel()
	pool, err := sched.NewPool("shared", sched.PoolConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Stop(context.Background()) }()
	for name, c := range map[string]struct {
		name string
		cfg  sched.Config
		opts []sched.Option
		want string
	}{
		"no name":              {"", sched.Config{}, nil, `sched: "": name must not be empty`},
		"negative workers":     {"x", sched.Config{Workers: -1}, nil, `sched: "x": Workers must not be negative, got -1`},
		"a negative timeout":   {"x", sched.Config{Timeout: -1}, nil, `Timeout must not be negative, got -1ns`},
		"a negative misfire":   {"x", sched.Config{MisfireAfter: -1}, nil, `MisfireAfter must not be negative`},
		"too long a history":   {"x", sched.Config{History: 1e6}, nil, `History must be at most 10000, got 1000000`},
		"negative jobs":        {"x", sched.Config{MaxJobs: -1}, nil, `MaxJobs must not be negative`},
		"negative timers":      {"x", sched.Config{MaxTimers: -1}, nil, `MaxTimers must not be negative`},
		"looking all the time": {"x", sched.Config{ClockCheck: 1}, nil, `ClockCheck must be at least 1s, got 1ns`},
		"workers and a pool":   {"x", sched.Config{Workers: 3}, []sched.Option{sched.WithPool(pool)}, `Workers must not be set with WithPool, got 3`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sched.New(c.name, c.cfg, c.opts...)
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
