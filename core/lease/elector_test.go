package lease_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func newElector(t testing.TB, store lease.Store, opts ...lease.Option) *lease.Elector {
	t.Helper()
	e, err := lease.NewElector("leader", newLocker(t, store, short), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func start(t testing.TB, e *lease.Elector) {
	t.Helper()
	if err := e.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func stop(t testing.TB, e *lease.Elector) {
	t.Helper()
	if err := e.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func leads(e *lease.Elector) bool {
	_, ok := e.Leader()
	return ok
}

func TestOneOfManyLeads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := lease.NewMemory()
		a, b := newElector(t, store), newElector(t, store)
		if leads(a) || a.String() != `elector "leader": does not lead` || a.Name() != "leader" {
			t.Error("it leads before it was started")
		}
		start(t, a)
		start(t, b)
		term, ok := a.Leader()
		if !ok || leads(b) {
			t.Fatalf("leading are %v and %v, want the first", ok, leads(b))
		}
		pass(time.Hour)
		if s := a.Stats(); !s.Leads || s.Terms != 1 || s.Token != term.Token() || term.Context().Err() != nil {
			t.Errorf("after an hour: %+v", s)
		}
		began := time.Now()
		stop(t, a)
		synctest.Wait()
		next, ok := b.Leader()
		if !ok || leads(a) || time.Since(began) != 0 || next.Token() <= term.Token() {
			t.Errorf("after the first has resigned, the second leads: %v", ok)
		}
		if !errors.Is(context.Cause(term.Context()), lease.ErrReleased) {
			t.Errorf("the term ended with %v", context.Cause(term.Context()))
		}
		start(t, a)
		stop(t, b)
		synctest.Wait()
		if !leads(a) || !strings.Contains(a.String(), "leads, term") || a.Stats().Terms != 2 {
			t.Errorf("started again: %v, %+v", a, a.Stats())
		}
		stop(t, a)
		stop(t, a)
	})
}

func TestLeaderThatIsCutOffStopsBeforeTheNextBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := lease.NewMemory()
		var cut atomic.Bool
		dead := &faulty{Store: store}
		dead.extend = func(ctx context.Context, next func(context.Context) (bool, error)) (bool, error) {
			if cut.Load() {
				return false, hang(ctx)
			}
			return next(ctx)
		}
		dead.release = dead.extend
		a, b := newElector(t, dead), newElector(t, store)
		start(t, a)
		start(t, b)
		term, _ := a.Leader()
		pass(time.Minute)
		cut.Store(true)
		began := time.Now()
		<-term.Context().Done()
		if leads(a) || leads(b) {
			t.Error("one leads still, or already")
		}
		if !errors.Is(context.Cause(term.Context()), lease.ErrExpired) {
			t.Errorf("the term ended with %v", context.Cause(term.Context()))
		}
		for !leads(b) && !leads(a) {
			pass(10 * time.Millisecond)
		}
		if took := time.Since(began); took > short.TTL+time.Second {
			t.Errorf("no leader for %v", took)
		}
		stop(t, a)
		stop(t, b)
	})
}

func TestWhileLeaderRunsOnlyWhileItLeads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newElector(t, lease.NewMemory())
		p := lease.WhileLeader(e)
		err := p.Do(t.Context(), func(context.Context) error { t.Error("it ran"); return nil })
		if !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeRateLimited || err.Error() != `lease: "leader" does not lead` {
			t.Errorf("got %v, class %q", err, core.ErrorType(err))
		}
		start(t, e)
		type key struct{}
		err = p.Do(context.WithValue(t.Context(), key{}, "v"), func(ctx context.Context) error {
			if token, ok := lease.TokenOf(ctx); !ok || token != e.Stats().Token || ctx.Value(key{}) != "v" {
				t.Errorf("token %d, %v", token, ok)
			}
			return errors.New("its own")
		})
		if err == nil || err.Error() != "its own" {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err = p.Do(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }); err != context.DeadlineExceeded {
			t.Errorf("got %v, want the end of the caller's context alone", err)
		}
		stop(t, e)
	})
}

func TestElectorResignsOnceItsTasksHaveReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := lease.NewMemory()
		a, b := newElector(t, store), newElector(t, store)
		start(t, a)
		start(t, b)
		result := make(chan error, 1)
		go func() {
			result <- lease.WhileLeader(a).Do(t.Context(), func(ctx context.Context) error {
				<-ctx.Done()
				pass(time.Minute)
				if leads(b) {
					t.Error("the next leads while a task of the last still runs")
				}
				return ctx.Err()
			})
		}()
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.Stop(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stopping in a second: %v", err)
		}
		if leads(a) || lease.WhileLeader(a).Do(t.Context(), nil) == nil {
			t.Error("it leads though it was stopped")
		}
		stop(t, a)
		if err := <-result; !errors.Is(err, lease.ErrReleased) || !errors.Is(err, context.Canceled) {
			t.Errorf("the task: %v", err)
		}
		synctest.Wait()
		if !leads(b) {
			t.Error("the next does not lead")
		}
		stop(t, b)
	})
}

func TestTaskOfALeaderThatIsSuspendedIsToldWhenItAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		skipped := time.Duration(0)
		var mu sync.Mutex
		l.SetWall(func() int64 {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(skipped).UnixNano()
		})
		e, err := lease.NewElector("leader", l)
		if err != nil {
			t.Fatal(err)
		}
		start(t, e)
		err = lease.WhileLeader(e).Do(t.Context(), func(ctx context.Context) error {
			mu.Lock()
			skipped = time.Hour
			mu.Unlock()
			if ctx.Err() == nil || !errors.Is(context.Cause(ctx), lease.ErrExpired) {
				t.Errorf("on resume: cause %v", context.Cause(ctx))
			}
			return ctx.Err()
		})
		if !errors.Is(err, lease.ErrExpired) {
			t.Errorf("got %v", err)
		}
		stop(t, e)
	})
}

func TestHookIsToldOfEveryChangeInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		var changes []lease.Change
		hook := func(ctx context.Context, c lease.Change) {
			if ctx.Err() != nil {
				t.Errorf("the hook's context: %v", ctx.Err())
			}
			changes = append(changes, c)
			panic("hook")
		}
		e := newElector(t, lease.NewMemory(), lease.WithHook(hook), lease.WithTelemetry(rec.Options()...))
		start(t, e)
		stop(t, e)
		if len(changes) != 2 || !changes[0].Leads || changes[1].Leads || changes[0].Term != changes[1].Term ||
			!errors.Is(changes[1].Err, lease.ErrReleased) || changes[0].Err != nil || changes[0].Elector != "leader" {
			t.Errorf("got %+v", changes)
		}
		rec.RequireEvent(flowconv.EventLeasePanic, flowconv.LeaseNameKey.String("leader"))
	})
}

func TestElectorRidesOutAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &faulty{Store: lease.NewMemory()}
		began := time.Now()
		store.acquire = func(ctx context.Context, next func(context.Context) (lease.Grant, error)) (lease.Grant, error) {
			if time.Since(began) < time.Hour {
				return lease.Grant{}, errors.New("down")
			}
			return next(ctx)
		}
		e := newElector(t, store)
		start(t, e)
		pass(59 * time.Minute)
		if leads(e) {
			t.Error("it leads though the store is down")
		}
		pass(time.Minute + time.Second)
		if !leads(e) {
			t.Error("it does not lead though the store is back")
		}
		select {
		case err := <-e.Failed():
			t.Error(err)
		default:
		}
		stop(t, e)
	})
}

func TestElectorStopsWithoutStart(t *testing.T) {
	t.Parallel()
	stop(t, newElector(t, lease.NewMemory()))
}
