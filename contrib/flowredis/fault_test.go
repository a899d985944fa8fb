package flowredis_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// load asks from many goroutines until it is stopped, and notes how long the slowest decision took.
type load struct {
	stop    context.CancelFunc
	all     sync.WaitGroup
	slowest atomic.Int64
	asked   atomic.Int64
	failed  atomic.Pointer[error]
	stall   time.Duration // of the machine: how late a timer was
}

func startLoad(tb testing.TB, l limit.Limiter, callers int) *load {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ld := &load{stop: stop}
	for range callers {
		ld.all.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				_, err := l.Take(context.Background(), 1)
				took := int64(time.Since(began))
				ld.asked.Add(1)
				for slowest := ld.slowest.Load(); took > slowest && !ld.slowest.CompareAndSwap(slowest, took); {
					slowest = ld.slowest.Load()
				}
				if err != nil {
					ld.failed.Store(&err)
				}
				<-time.After(time.Millisecond)
			}
		})
	}
	ld.all.Go(func() { ld.stall = longestStall(ctx) })
	tb.Cleanup(ld.end)
	return ld
}

// longestStall is how late a timer came until ctx ended: what a machine with too much to do adds to
// everything.
func longestStall(ctx context.Context) (longest time.Duration) {
	for ctx.Err() == nil {
		began := time.Now()
		<-time.After(time.Millisecond)
		longest = max(longest, time.Since(began)-time.Millisecond)
	}
	return longest
}

func (l *load) end() {
	l.stop()
	l.all.Wait()
}

func (l *load) check(tb testing.TB, most time.Duration) {
	tb.Helper()
	l.end()
	if err := l.failed.Load(); err != nil {
		tb.Errorf("a caller got %v, want a decision", *err)
	}
	slowest := time.Duration(l.slowest.Load())
	tb.Logf("the slowest of %d decisions took %v; the machine stood still for up to %v", l.asked.Load(), slowest, l.stall)
	if most += 10 * l.stall; slowest > most { // it waits for the machine more than once, in line with the others
		tb.Errorf("the slowest of %d decisions took %v, want at most %v", l.asked.Load(), slowest, most)
	}
}

// back waits until Redis is asked again, and checks that and the load. A probe that does not keep the budget
// because the machine stood still is followed by another one within a second.
func (l *load) back(tb testing.TB, c *flowredis.Coordinator, within time.Duration) {
	tb.Helper()
	began := time.Now()
	await(tb, "coordinated mode", patient, func() bool { return c.Mode() == flowredis.Coordinated })
	took := time.Since(began)
	l.check(tb, budget+lateness)
	tb.Logf("coordinated after %v", took)
	if most := within + l.stall/(budget/2)*time.Second; took > most {
		tb.Errorf("coordinated after %v, want at most %v", took, most)
	}
}

// stalls watches how long the machine stands still until it is asked.
func stalls(tb testing.TB) (longest func() time.Duration) {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	found := make(chan time.Duration, 1)
	go func() { found <- longestStall(ctx) }()
	longest = sync.OnceValue(func() time.Duration {
		stop()
		return <-found
	})
	tb.Cleanup(func() { longest() })
	return longest
}

// lateness is what the race detector and a busy machine may add to a budget.
const lateness = 20 * time.Millisecond

func TestDecisionsKeepTheBudgetWhileRedisStandsStill(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	c := coordinate(t, clientOf(t, server.Addr()), flowredis.Config{})
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerSecond(1000), Burst: 100})
	ld := startLoad(t, l, 16)
	await(t, "a decision in redis", patient, func() bool { return l.Stats().Coordinated.Allowed > 0 })
	server.Pause()
	await(t, "degraded mode", time.Second, func() bool { return c.Mode() == flowredis.Degraded })
	await(t, "a local decision", time.Second, func() bool { return l.Stats().Degraded.Allowed > 0 })
	<-time.After(2 * time.Second)
	server.Resume()
	ld.back(t, c, 2*time.Second)
}

func TestDecisionsGoOnWhileRedisIsKilledAndComesBack(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	c := coordinate(t, clientOf(t, server.Addr()), flowredis.Config{})
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerSecond(1000), Burst: 100})
	ld := startLoad(t, l, 16)
	await(t, "a decision in redis", patient, func() bool { return l.Stats().Coordinated.Allowed > 0 })
	server.Kill()
	await(t, "degraded mode", time.Second, func() bool { return c.Mode() == flowredis.Degraded })
	<-time.After(2 * time.Second)
	server.Revive()
	ld.back(t, c, 1500*time.Millisecond)
}

func TestLimiterStartsWhileRedisIsDown(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	server.Kill()
	c := coordinate(t, clientOf(t, server.Addr()), flowredis.Config{})
	l := newBucket(t, c, tenth(5))
	start(t, c)
	if !l.Allow(t.Context()) {
		t.Error("denied while redis is down, want the local share to allow")
	}
	server.Revive()
	await(t, "a decision in redis", patient, func() bool {
		l.Allow(t.Context())
		return l.Stats().Coordinated.Allowed > 0
	})
}

func TestBudgetIsKeptWithAClientThatHeedsNoContext(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: time.Second})
	defer func() { _ = client.Close() }()
	c := coordinate(t, client, flowredis.Config{})
	l := newBucket(t, c, tenth(100))
	l.Allow(t.Context())
	server.Pause()
	ld := startLoad(t, l, 1)
	await(t, "decisions", patient, func() bool { return ld.asked.Load() >= 5 })
	ld.check(t, budget+lateness)
	server.Resume()
	await(t, "coordinated mode", patient, func() bool {
		l.Allow(t.Context())
		return c.Mode() == flowredis.Coordinated
	})
}

func TestALeaseKeepsItsCallersDeadlineWithAClientThatHeedsNoContext(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Second})
	defer func() { _ = client.Close() }()
	leases := newLeases(t, client, flowredis.Config{})
	server.Pause()
	defer server.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := leases.Acquire(ctx, "k", "ann", time.Minute)
	if took := time.Since(began); err == nil || took > 600*time.Millisecond {
		t.Errorf("it came back after %v with %v, want an error after 50ms", took, err)
	}
}

func TestNoCallIsChargedTwiceWhenRepliesAreLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		client func(addr string) redis.UniversalClient
	}{
		{"a client of ours", func(addr string) redis.UniversalClient { return calmClient(t, addr) }},
		{"a client that retries", func(addr string) redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, MaxRetries: 3})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Single(t)
			relay := faultnet.Listen(t, server.Addr())
			client := c.client(relay.Addr())
			defer func() { _ = client.Close() }()
			co := coordinate(t, client, unhurried)
			l := newBucket(t, co, flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 10_000})
			l.Allow(t.Context()) // the script is known from here on
			const calls = 300
			for i := range calls {
				if i%3 == 0 {
					relay.CutReplies(1, faultnet.Contains("evalsha"))
				}
				l.Allow(t.Context())
			}
			relay.Heal()
			st := l.Stats()
			d, err := l.Take(t.Context(), 1)
			await(t, "a decision in redis", patient, func() bool {
				d, err = l.Take(t.Context(), 1)
				return l.Stats().Coordinated.Allowed > st.Coordinated.Allowed
			})
			if err != nil {
				t.Fatal(err)
			}
			asked := int(l.Stats().Coordinated.Allowed + co.Stats().Unknown)
			if used := d.Limit - d.Remaining; used != asked {
				t.Errorf("%d permits are used, want %d: one for each script that was sent", used, asked)
			}
			if co.Stats().Unknown == 0 {
				t.Error("no reply was lost, so nothing was shown")
			}
		})
	}
}

func TestScriptThatIsFlushedIsSentAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	c := coordinate(t, calmClient(t, server.Addr()), unhurried)
	l := newBucket(t, c, tenth(100))
	for range 10 {
		server.MustDo("SCRIPT", "FLUSH")
		if !l.Allow(t.Context()) {
			t.Fatal("denied after SCRIPT FLUSH")
		}
	}
	if st := l.Stats(); st.Degraded != (flowredis.Decisions{}) || c.Stats().Answered != 10 {
		t.Errorf("got %+v and %+v, want ten decisions in redis", st, c.Stats())
	}
}

func TestOtherValuesInTheKeyDegradeThatDecisionAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  []string
	}{
		{"a list", []string{"RPUSH", "KEY", "x"}},
		{"text", []string{"SET", "KEY", "hello"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Shared(t)
			p := prefix(t)
			co := coordinate(t, calmClient(t, server.Addr()), flowredis.Config{Prefix: p, Budget: patient})
			l := newBucket(t, co, flowredis.TokenBucketConfig{Rate: limit.PerHour(10), Burst: 5})
			args := append([]string(nil), c.set...)
			args[1] = p + ":{api}:tb:v1"
			server.MustDo(args...)
			for range 10 {
				if _, err := l.Take(t.Context(), 1); err != nil {
					t.Fatalf("got %v, want a decision of the local share", err)
				}
			}
			if st := l.Stats(); st.Degraded.Allowed != 5 || st.Coordinated.Allowed != 0 {
				t.Errorf("got %+v, want the share's burst of 5", st)
			}
			if co.Mode() != flowredis.Coordinated {
				t.Error("one bad key degraded the coordinator")
			}
		})
	}
}

func TestFallbacksDecideAsConfigured(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	server.Kill()
	c := coordinate(t, clientOf(t, server.Addr()), flowredis.Config{Instances: 2})
	limiter := func(f flowredis.Fallback) *flowredis.Limiter {
		return newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerHour(10), Burst: 4, Fallback: f})
	}
	local, closed, open := limiter(flowredis.FallbackLocal), limiter(flowredis.FailClosed), limiter(flowredis.FailOpen)
	for i, want := range []bool{true, true, false} {
		if got := local.Allow(t.Context()); got != want {
			t.Errorf("permit %d of a local share of 2 of 4: got %v, want %v", i+1, got, want)
		}
	}
	if d, err := local.Take(t.Context(), 3); err != nil || d.Allowed || d.RetryAfter <= 0 {
		t.Errorf("more than the share: got %+v, %v, want a denial", d, err)
	}
	_, err := closed.Take(t.Context(), 1)
	var unavailable *flowredis.UnavailableError
	if !errors.As(err, &unavailable) || core.ErrorType(err) != core.TypeUnavailable || unavailable.Instance != "api" {
		t.Errorf("fail closed: got %v, want an UnavailableError of class unavailable", err)
	}
	if after, ok := core.RetryAfter(err); !ok || after <= 0 {
		t.Errorf("fail closed: RetryAfter is %v, want when redis is asked again", after)
	}
	for range 10 {
		if d, err := open.Take(t.Context(), 4); err != nil || !d.Allowed || d.Limit != 4 {
			t.Fatalf("fail open: got %+v, %v, want all allowed", d, err)
		}
	}
	if st := c.Stats(); st.Local != 4 || st.Closed != 1 || st.Open != 10 {
		t.Errorf("got %+v, want fallbacks of 4 local, 1 closed, 10 open", st)
	}
}

func TestCallerThatGivesUpIsNoFailureOfRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	c := coordinate(t, calmClient(t, server.Addr()), unhurried)
	l := newBucket(t, c, tenth(100))
	l.Allow(t.Context())
	server.Pause()
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, err := l.Take(ctx, 1)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || core.ErrorType(err) != core.TypeTimeout {
			t.Fatalf("got %v, want the end of the caller's context", err)
		}
	}
	server.Resume()
	if c.Mode() != flowredis.Coordinated || c.Stats().Local != 0 {
		t.Errorf("got mode %v and %+v, want no failure and no local permit", c.Mode(), c.Stats())
	}
}
