package lease_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
)

var due = time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)

// occurrence is the context of a scheduled run.
func occurrence(ctx context.Context, at time.Time) context.Context {
	return core.WithOccurrence(ctx, core.Occurrence{Job: "report", Time: at})
}

func TestOnceRunsEachOccurrenceOnceAmongManyInstances(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const replicas, occurrences = 4, 50
		store := lease.NewMemory()
		var mu sync.Mutex
		runs := map[time.Time]int{}
		var skipped atomic.Int64
		var wg sync.WaitGroup
		for i := range replicas {
			once := lease.Once(newLocker(t, store, short))
			wg.Go(func() {
				for n := range occurrences {
					at := due.Add(time.Duration(n) * time.Minute)
					pass(time.Until(at.Add(time.Duration(i) * 100 * time.Millisecond))) // clocks are apart
					err := once.Do(occurrence(t.Context(), at.In(time.FixedZone("", 3600*i))), func(ctx context.Context) error {
						o, _ := core.OccurrenceOf(ctx)
						mu.Lock()
						defer mu.Unlock()
						runs[o.Time.UTC()]++
						return nil
					})
					if errors.Is(err, core.ErrRejected) && errors.Is(err, lease.ErrDone) {
						skipped.Add(1)
					} else if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for at, n := range runs {
			if n != 1 {
				t.Errorf("%v ran %d times", at, n)
			}
		}
		if len(runs) != occurrences || skipped.Load() != (replicas-1)*occurrences {
			t.Errorf("%d ran and %d were skipped, want %d and %d", len(runs), skipped.Load(), occurrences, (replicas-1)*occurrences)
		}
	})
}

func TestOthersAreToldAtOnceThatItHasRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		once := lease.Once(newLocker(t, lease.NewMemory(), short))
		ctx := occurrence(t.Context(), due)
		began := time.Now()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				err := once.Do(ctx, func(context.Context) error { pass(time.Minute); return nil })
				if took := time.Since(began); took != time.Minute || err != nil && !errors.Is(err, lease.ErrDone) {
					t.Errorf("%v after %v, want it after the minute of the run", err, took)
				}
			})
		}
		wg.Wait()
	})
}

func TestOnceIsTakenOverWhenItsHolderDies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := lease.NewMemory()
		// As a process that was killed in its run: its lease is not renewed, and nothing is released.
		if g, err := store.Acquire(t.Context(), "once:report@2026-11-26T03:00:00Z", "dead", short.TTL); err != nil || g.State != lease.Granted {
			t.Fatal(g, err)
		}
		began := time.Now()
		var got core.Occurrence
		err := lease.Once(newLocker(t, store, short)).Do(occurrence(t.Context(), due), func(ctx context.Context) error {
			got, _ = core.OccurrenceOf(ctx)
			return nil
		})
		took := time.Since(began)
		if err != nil || got.Job != "report" || !got.Time.Equal(due) || took > short.TTL+time.Second {
			t.Errorf("ran %+v after %v, error %v", got, took, err)
		}
	})
}

// again runs an occurrence a second time, after a first run that ended with this task, and reports whether it ran.
func again(ctx context.Context, t *testing.T, first core.Task) (ran bool) {
	t.Helper()
	once := lease.Once(newLocker(t, lease.NewMemory(), short))
	func() {
		defer func() { _ = recover() }()
		_ = once.Do(occurrence(ctx, due), first)
	}()
	err := once.Do(occurrence(context.Background(), due), func(context.Context) error {
		ran = true
		return nil
	})
	if !ran && !errors.Is(err, lease.ErrDone) {
		t.Errorf("got %v, want it done", err)
	}
	return ran
}

func TestOnceLeavesToOthersWhatHasNotRun(t *testing.T) {
	t.Parallel()
	ended := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for _, c := range []struct {
		name  string
		task  core.Task
		limit func(ctx context.Context) (context.Context, context.CancelFunc)
		again bool
	}{
		{"it succeeded", func(context.Context) error { return nil }, nil, false},
		{"it failed", func(context.Context) error { return errors.New("bad") }, nil, false},
		{"it panicked", func(context.Context) error { panic("bad") }, nil, false},
		{"a policy inside refused it", func(context.Context) error { return core.ErrRejected }, nil, true},
		{"it took too long", ended, func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, false},
		{"it was told to end", ended, func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if c.limit != nil {
					ctx, cancel = c.limit(ctx)
				}
				defer cancel()
				if got := again(ctx, t, c.task); got != c.again {
					t.Errorf("it ran again: %v, want %v", got, c.again)
				}
			})
		})
	}
}

func TestOnceRemembersForDoneFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		once := lease.Once(newLocker(t, lease.NewMemory(), lease.Config{DoneFor: time.Minute}))
		runs := 0
		task := func(context.Context) error { runs++; return nil }
		for _, wait := range []time.Duration{0, 59 * time.Second, 2 * time.Second} {
			pass(wait)
			_ = once.Do(occurrence(t.Context(), due), task)
		}
		if runs != 2 {
			t.Errorf("%d runs, want one, and one more after it was forgotten", runs)
		}
	})
}

func TestOnceTriesAgainToMarkWhatIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, asked := &faulty{Store: lease.NewMemory()}, 0
		store.release = func(ctx context.Context, next func(context.Context) (bool, error)) (bool, error) {
			if asked++; asked == 2 {
				_, _ = next(ctx) // it is carried out, and the answer is lost
			}
			if asked <= 2 {
				return false, errors.New("down")
			}
			return next(ctx)
		}
		l := newLocker(t, store, short)
		runs := 0
		task := func(context.Context) error { runs++; return nil }
		err := lease.Once(l).Do(occurrence(t.Context(), due), task)
		if err != nil || asked != 3 {
			t.Errorf("%v after %d requests, want 3", err, asked)
		}
		if err = lease.Once(l).Do(occurrence(t.Context(), due), task); !errors.Is(err, lease.ErrDone) || runs != 1 {
			t.Errorf("%v after %d runs", err, runs)
		}
		if s := l.Stats(); s.Released != 1 || s.Done != 1 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestOnceNeedsAnOccurrence(t *testing.T) {
	t.Parallel()
	err := lease.Once(newLocker(t, lease.NewMemory(), short)).Do(t.Context(), func(context.Context) error { return nil })
	if !errors.Is(err, core.ErrInvalid) || errors.Is(err, core.ErrRejected) {
		t.Errorf("got %v", err)
	}
}

func TestExclusiveTasksDoNotOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := lease.NewMemory()
		var running, runs atomic.Int64
		var last atomic.Uint64
		var wg sync.WaitGroup
		for range 8 {
			p := lease.Exclusive(newLocker(t, store, short), "reindex")
			wg.Go(func() {
				err := p.Do(t.Context(), func(ctx context.Context) error {
					token, ok := lease.TokenOf(ctx)
					if running.Add(1) != 1 || !ok || token <= last.Swap(token) {
						t.Errorf("two at a time, or token %d does not rise", token)
					}
					pass(time.Minute)
					running.Add(-1)
					runs.Add(1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if runs.Load() != 8 {
			t.Errorf("%d runs, want 8", runs.Load())
		}
	})
}

func TestExclusiveHoldsItsKeyUntilTheTaskHasReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.AfterFunc(time.Hour-time.Second, func() {
			err := lease.TryExclusive(l, "reindex").Do(t.Context(), func(context.Context) error { return nil })
			if !errors.Is(err, core.ErrRejected) {
				t.Errorf("while the task still runs: %v", err)
			}
		})
		err := lease.Exclusive(l, "reindex").Do(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			pass(time.Hour) // it takes its time to end
			return context.Cause(ctx)
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := lease.TryExclusive(l, "reindex").Do(t.Context(), func(context.Context) error { return nil }); err != nil {
			t.Errorf("after the task: %v", err)
		}
	})
}

func TestTaskIsToldWhenItsLeaseIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &faulty{Store: lease.NewMemory()}
		store.extend = func(context.Context, func(context.Context) (bool, error)) (bool, error) { return false, nil }
		p := lease.Exclusive(newLocker(t, store, short), "reindex")
		err := p.Do(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if !errors.Is(err, lease.ErrLost) || !errors.Is(err, context.Canceled) || errors.Is(err, core.ErrRejected) ||
			core.ErrorType(err) != core.TypeUnavailable {
			t.Errorf("got %v, class %q", err, core.ErrorType(err))
		}
		if err = p.Do(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }); !errors.Is(err, lease.ErrLost) {
			t.Errorf("got %v", err)
		}
		if err = p.Do(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return nil }); err != nil {
			t.Errorf("a task that was done all the same: %v", err)
		}
	})
}

func TestPanicReleasesTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		func() {
			defer func() {
				if v := recover(); fmt.Sprint(v) != "bad" {
					t.Errorf("recovered %v", v)
				}
			}()
			_ = lease.Exclusive(l, "reindex").Do(t.Context(), func(context.Context) error { panic("bad") })
		}()
		if err := lease.TryExclusive(l, "reindex").Do(t.Context(), func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
	})
}

func TestPoliciesReturnWhyThereIsNoLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		if err := lease.Exclusive(l, "").Do(t.Context(), nil); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := lease.Exclusive(l, "reindex").Do(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := lease.TryExclusive(l, "reindex").Do(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
