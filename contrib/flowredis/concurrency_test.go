package flowredis_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// three is a limit whose permits come back within a second.
var three = flowredis.ConcurrencyConfig{Limit: 3, Lease: time.Second}

func newConcurrency(tb testing.TB, c *flowredis.Coordinator, cfg flowredis.ConcurrencyConfig) *flowredis.Concurrency {
	tb.Helper()
	l, err := flowredis.NewConcurrency("db", c, cfg)
	return made(tb, l, err)
}

// beating makes the coordinator of a process, which is started, with an unhurried budget.
func beating(tb testing.TB, client redis.UniversalClient, prefix string) *flowredis.Coordinator {
	tb.Helper()
	return beatingWithin(tb, client, prefix, patient)
}

// beatingWithin is beating with another budget.
func beatingWithin(tb testing.TB, client redis.UniversalClient, prefix string, budget time.Duration) *flowredis.Coordinator {
	tb.Helper()
	c := coordinate(tb, client, flowredis.Config{Prefix: prefix, Budget: budget, Heartbeat: 50 * time.Millisecond})
	start(tb, c)
	return c
}

func acquired(tb testing.TB, l *flowredis.Concurrency, n int) *flowredis.Permit {
	tb.Helper()
	p, err := l.TryAcquire(context.Background(), n)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func requireFull(tb testing.TB, l *flowredis.Concurrency, n int) {
	tb.Helper()
	_, err := l.TryAcquire(context.Background(), n)
	var full *limit.FullError
	if !errors.As(err, &full) || !errors.Is(err, core.ErrRejected) || full.Limit != 3 {
		tb.Errorf("TryAcquire(%d) gave %v, want a FullError", n, err)
	}
}

func TestPermitsAreHeldInAllProcessesTogether(t *testing.T) {
	t.Parallel()
	for name, addrs := range map[string][]string{"single": {redistest.Shared(t).Addr()}, "cluster": redistest.SharedCluster(t).Addrs()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, client := prefix(t), patientClient(t, addrs...)
			first := newConcurrency(t, beating(t, client, p), three)
			second := newConcurrency(t, beating(t, client, p), three)
			two := acquired(t, first, 2)
			requireFull(t, second, 2)
			one := acquired(t, second, 1)
			requireFull(t, first, 1)
			two.Release()
			two.Release()
			one.Release()
			all := acquired(t, second, 3)
			requireFull(t, first, 1)
			<-time.After(1500 * time.Millisecond) // longer than the lease
			requireFull(t, first, 1)
			select {
			case <-all.Lost():
				t.Error("a permit that is renewed was lost")
			default:
			}
			all.Release()
			acquired(t, first, 3).Release()
			if st := first.Stats(); st.Held != 0 || st.Permits != 5 || st.Coordinated.Allowed != 2 || st.Coordinated.Denied != 3 {
				t.Errorf("got %+v, want nothing held after 5 permits in 2 decisions, and 3 denials", st)
			}
		})
	}
}

func TestPermitsOfAKilledProcessComeBack(t *testing.T) {
	t.Parallel()
	p, addr := prefix(t), redistest.Shared(t).Addr()
	l := newConcurrency(t, beating(t, patientClient(t, addr), p), three)
	_, _, kill := spawn(t, asker{Addrs: []string{addr}, Prefix: p, Config: plenty, Hold: true})
	<-time.After(1500 * time.Millisecond) // longer than the lease
	requireFull(t, l, 2)
	kill() // as kill -9
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	all, err := l.Acquire(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > three.Lease+time.Second {
		t.Errorf("the permits came back after %v, want at most the lease of %v and a look", took, three.Lease)
	}
	all.Release()
}

func TestNoMoreThanTheLimitIsEverHeld(t *testing.T) {
	t.Parallel()
	p, client := prefix(t), patientClient(t, redistest.Shared(t).Addr())
	cfg := three
	cfg.Wait = true
	var held, most, ran atomic.Int64
	var all sync.WaitGroup
	for range 3 {
		l := newConcurrency(t, beating(t, client, p), cfg)
		for range 5 {
			all.Go(func() {
				for range 5 {
					err := l.Do(t.Context(), func(context.Context) error {
						now := held.Add(1)
						for m := most.Load(); now > m && !most.CompareAndSwap(m, now); {
							m = most.Load()
						}
						<-time.After(time.Millisecond)
						held.Add(-1)
						ran.Add(1)
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	if most.Load() > 3 || ran.Load() != 75 {
		t.Errorf("%d ran, %d at a time, want 75 and at most 3", ran.Load(), most.Load())
	}
}

func TestWaitersForPermitsAreBoundedAndGiveUp(t *testing.T) {
	t.Parallel()
	cfg := three
	cfg.MaxWaiters = 2
	l := newConcurrency(t, beating(t, patientClient(t, redistest.Shared(t).Addr()), prefix(t)), cfg)
	all := acquired(t, l, 3)
	ctx, cancel := context.WithCancel(t.Context())
	var waiters sync.WaitGroup
	for range 2 {
		waiters.Go(func() {
			var given *limit.WaitError
			if _, err := l.Acquire(ctx, 1); !errors.As(err, &given) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want a WaitError", err)
			}
		})
	}
	await(t, "two waiters", patient, func() bool { return l.Stats().Waiting == 2 })
	var full *limit.FullError
	if _, err := l.Acquire(t.Context(), 1); !errors.As(err, &full) || full.Waiters != 2 {
		t.Errorf("got %v, want a FullError that says how many wait", err)
	}
	cancel()
	waiters.Wait()
	all.Release()
	acquired(t, l, 3).Release()
	for _, n := range []int{0, -1, 4} {
		if _, err := l.Acquire(t.Context(), n); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("Acquire(%d) gave %v, want invalid", n, err)
		}
	}
}

func TestHolderWhosePermitIsLostIsTold(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	l := newConcurrency(t, beatingWithin(t, calmClient(t, server.Addr()), prefix(t), 500*time.Millisecond), three)
	stall, began := stalls(t), time.Now()
	err := l.Do(t.Context(), func(ctx context.Context) error {
		server.Kill()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(patient):
			return errors.New("the context went on")
		}
	})
	var lost *flowredis.LostError
	if !errors.As(err, &lost) || lost.Limiter != "db" || core.ErrorType(err) != core.TypeUnavailable {
		t.Errorf("got %v, want a LostError", err)
	}
	if took, most := time.Since(began), three.Lease+lateness+2*stall(); took > most {
		t.Errorf("the holder was told after %v, want before the lease of %v ended, or after %v", took, three.Lease, most)
	}
}

func TestPermitsThatRedisForgotAreLost(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	l := newConcurrency(t, beating(t, calmClient(t, server.Addr()), prefix(t)), three)
	p := acquired(t, l, 1)
	server.MustDo("FLUSHALL")
	server.MustDo("SCRIPT", "FLUSH")
	select {
	case <-p.Lost():
	case <-time.After(patient):
		t.Error("the holder was not told")
	}
	p.Release()
	acquired(t, l, 3).Release()
}

func TestReleaseThatRedisDidNotHearIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	cfg := three
	cfg.Lease = time.Hour
	l := newConcurrency(t, beatingWithin(t, clientOf(t, server.Addr()), prefix(t), 500*time.Millisecond), cfg)
	p := acquired(t, l, 3)
	server.Pause()
	p.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	if _, err := l.TryAcquire(ctx, 1); err == nil { // it may take a permit when the server goes on
		t.Error("a server that stands still answered")
	}
	cancel()
	server.Resume()
	await(t, "all permits", patient, func() bool {
		before := l.Stats().Degraded.Allowed
		p, err := l.TryAcquire(t.Context(), 3)
		if err != nil {
			return false
		}
		p.Release()
		return l.Stats().Degraded.Allowed == before
	})
}

func TestConcurrencyFallsBackAsConfigured(t *testing.T) {
	t.Parallel()
	c := coordinate(t, clientOf(t, "127.0.0.1:1"), flowredis.Config{Instances: 2})
	limiter := func(f flowredis.Fallback) *flowredis.Concurrency {
		return newConcurrency(t, c, flowredis.ConcurrencyConfig{Limit: 4, Fallback: f})
	}
	local, closed, open := limiter(flowredis.FallbackLocal), limiter(flowredis.FailClosed), limiter(flowredis.FailOpen)
	p := acquired(t, local, 2)
	var full *limit.FullError
	if _, err := local.TryAcquire(t.Context(), 1); !errors.As(err, &full) || full.Limit != 2 {
		t.Errorf("got %v, want a share of 2 of 4", err)
	}
	p.Release()
	p.Release()
	acquired(t, local, 2)
	if _, err := closed.TryAcquire(t.Context(), 1); core.ErrorType(err) != core.TypeUnavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	for range 10 {
		acquired(t, open, 4)
	}
}

func TestKeyedPermitsAreIndependent(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	p := prefix(t)
	c := beating(t, patientClient(t, server.Addr()), p)
	k, err := flowredis.NewKeyedConcurrency("db", c, flowredis.ConcurrencyConfig{Limit: 1, Lease: time.Second})
	made(t, k, err)
	ann, err := k.TryAcquire(t.Context(), "a}{b:c", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.TryAcquire(t.Context(), "a}{b:c", 1); !errors.Is(err, core.ErrRejected) {
		t.Errorf("got %v, want a rejection", err)
	}
	if err := k.For("bob").Do(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	found := false
	for key, ttl := range keysOf(t, server, p) {
		if strings.Contains(key, ":cc:") {
			found = strings.Contains(key, "{db:a%7D%7Bb%3Ac}") && ttl > 0
		}
	}
	if !found {
		t.Errorf("got keys %v, want one of the key, escaped, with a lifetime", keysOf(t, server, p))
	}
	time.AfterFunc(100*time.Millisecond, ann.Release)
	again, err := k.Acquire(t.Context(), "a}{b:c", 1)
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
	for key := range keysOf(t, server, p) {
		if strings.Contains(key, ":cc:") {
			t.Errorf("%s is left though nothing is held", key)
		}
	}
}

func TestConcurrencyConfigNamesTheFieldAtFault(t *testing.T) {
	t.Parallel()
	c := coordinate(t, clientOf(t, "127.0.0.1:1"), flowredis.Config{})
	for want, cfg := range map[string]flowredis.ConcurrencyConfig{
		"Limit":           {},
		"MaxWaiters":      {Limit: 1, MaxWaiters: -1},
		"three heartbeat": {Limit: 1, Lease: time.Second},
		"at most 1h":      {Limit: 1, Lease: 2 * time.Hour},
		"Fallback":        {Limit: 1, Fallback: 9},
	} {
		if _, err := flowredis.NewConcurrency("db", c, cfg); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
