package flowredis_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func conformBatched(t *testing.T, addrs ...string) {
	t.Helper()
	client := patientClient(t, addrs...)
	config := func(rate limit.Rate, burst int) flowredis.TokenBucketConfig {
		return flowredis.TokenBucketConfig{Rate: rate, Burst: burst, Batch: true, CacheDenials: true}
	}
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		limittest.Run(t, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			t.Helper()
			return newBucket(t, coordinate(t, client, unhurried), config(rate, burst))
		}, limittest.RealTime(resolution))
	})
	t.Run("keyed", func(t *testing.T) {
		t.Parallel()
		limittest.RunKeyed(t, func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter {
			t.Helper()
			return newKeyed(t, coordinate(t, client, unhurried), config(rate, burst))
		}, limittest.RealTime(resolution))
	})
}

func TestBatchedAndCachedDecisionsConformOnASingleServer(t *testing.T) {
	t.Parallel()
	conformBatched(t, redistest.Shared(t).Addr())
}

func TestBatchedAndCachedDecisionsConformOnACluster(t *testing.T) {
	t.Parallel()
	conformBatched(t, redistest.SharedCluster(t).Addrs()...)
}

// together asks with many callers at once, and gives how many permits they got.
func together(t *testing.T, callers int, take func(i int) (limit.Decision, error)) int {
	t.Helper()
	var got atomic.Int64
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			d, err := take(i)
			if err != nil {
				t.Error(err)
			}
			if d.Allowed {
				got.Add(1)
			}
		})
	}
	all.Wait()
	return int(got.Load())
}

func TestBatchedCallersShareRoundTrips(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	relay := faultnet.Listen(t, server.Addr())
	c := coordinate(t, patientClient(t, relay.Addr()), flowredis.Config{Budget: patient})
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 50, Batch: true})
	l.Allow(t.Context()) // connected, and the script is known
	server.Pause()
	done := make(chan int)
	go func() {
		done <- together(t, 100, func(int) (limit.Decision, error) { return l.Take(t.Context(), 1) })
	}()
	<-time.After(100 * time.Millisecond) // until most are on their way
	connections := relay.Stats().Conns
	server.Resume()
	if got := <-done; got != 49 {
		t.Errorf("100 callers got %d permits, want the 49 that were left", got)
	}
	if connections > 4 {
		t.Errorf("100 callers use %d connections, want few", connections)
	}
}

func TestBatchedScriptsThatAreFlushedAreSentAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	c := coordinate(t, patientClient(t, server.Addr()), unhurried)
	k := newKeyed(t, c, flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 5, Batch: true})
	for range 5 {
		server.MustDo("SCRIPT", "FLUSH")
		got := together(t, 20, func(i int) (limit.Decision, error) {
			return k.Take(t.Context(), strconv.Itoa(i), 1)
		})
		if got != 20 {
			t.Fatalf("20 keys got %d permits after SCRIPT FLUSH", got)
		}
	}
	if st := k.Stats(); st.Degraded != (flowredis.Decisions{}) || st.Coordinated.Allowed != 100 {
		t.Errorf("got %+v, want 100 decisions in redis", st)
	}
}

func TestBatchedCallerThatLeavesSpoilsNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	c := coordinate(t, patientClient(t, server.Addr()), flowredis.Config{Budget: patient})
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 100, Batch: true})
	l.Allow(t.Context())
	server.Pause()
	var stay, leave sync.WaitGroup
	soon, cancel := context.WithCancel(t.Context())
	for i := range 40 {
		if i%2 == 0 {
			stay.Go(func() {
				if d, err := l.Take(t.Context(), 1); err != nil || !d.Allowed {
					t.Errorf("who stayed got %+v, %v", d, err)
				}
			})
			continue
		}
		leave.Go(func() {
			if _, err := l.Take(soon, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
	}
	<-time.After(50 * time.Millisecond)
	cancel()
	leave.Wait() // at once, though the server stands still
	server.Resume()
	stay.Wait()
	d, err := l.Take(t.Context(), 1)
	if used := d.Limit - d.Remaining; err != nil || used < 22 || used > 22+mostOnTheirWay {
		t.Errorf("%d permits are used (%v), want 22 and those that were on their way for who left", used, err)
	}
	if c.Mode() != flowredis.Coordinated || l.Stats().Degraded != (flowredis.Decisions{}) {
		t.Errorf("got %v and %+v, want nothing degraded", c.Mode(), l.Stats())
	}
}

// mostOnTheirWay are the callers of two trips that had begun.
const mostOnTheirWay = 20

func TestBatchedDecisionsKeepTheBudgetWhileRedisStandsStill(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	c := coordinate(t, clientOf(t, server.Addr()), flowredis.Config{})
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerSecond(1000), Burst: 100, Batch: true})
	ld := startLoad(t, l, 16)
	await(t, "a decision in redis", patient, func() bool { return l.Stats().Coordinated.Allowed > 0 })
	server.Pause()
	await(t, "degraded mode", time.Second, func() bool { return c.Mode() == flowredis.Degraded })
	<-time.After(time.Second)
	server.Resume()
	ld.back(t, c, 3*time.Second)
}

func TestDenialsAreRememberedUntilTheyEnd(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	c := coordinate(t, patientClient(t, server.Addr()), unhurried)
	cfg := flowredis.TokenBucketConfig{Rate: limit.Every(2 * time.Second), Burst: 2, CacheDenials: true}
	k := newKeyed(t, c, cfg)
	k.AllowN(t.Context(), "ann", 2)
	first, err := k.Take(t.Context(), "ann", 1)
	asked, at := c.Stats().Answered, time.Now()
	if err != nil || first.Allowed {
		t.Fatalf("got %+v, %v, want a denial", first, err)
	}
	for range 100 {
		d, err := k.Take(t.Context(), "ann", 1)
		if err != nil || d.Allowed || d.RetryAfter > first.RetryAfter || d.NextAfter <= 0 || d.ResetAfter < d.NextAfter {
			t.Fatalf("got %+v, %v, want the denial of before", d, err)
		}
	}
	if trips := c.Stats().Answered - asked; trips > 0 && time.Since(at) < first.RetryAfter {
		t.Errorf("100 denials took %d round trips, want none", trips)
	}
	if !k.Allow(t.Context(), "bob") {
		t.Error("another key was denied")
	}
	<-time.After(time.Until(at.Add(first.RetryAfter)))
	if !k.Allow(t.Context(), "ann") {
		t.Error("denied after RetryAfter was over")
	}
}

func TestDenialOfManyPermitsDoesNotDenyFewer(t *testing.T) {
	t.Parallel()
	c := coordinate(t, patientClient(t, redistest.Shared(t).Addr()), unhurried)
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 5, CacheDenials: true})
	l.AllowN(t.Context(), 2)
	if l.AllowN(t.Context(), 4) || l.AllowN(t.Context(), 5) || !l.AllowN(t.Context(), 3) {
		t.Error("want 4 and 5 denied, and the 3 that are left")
	}
	if err := l.SetBurst(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if !l.AllowN(t.Context(), 4) {
		t.Error("denied what was denied before the burst was set higher")
	}
}
