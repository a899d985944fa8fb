package flowredis_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// overcome loads a limiter while lose makes its server unavailable and waits until another has taken
// over, and checks that it is used soon, and that callers notice nothing.
func overcome(t *testing.T, client redis.UniversalClient, lose func(key string) error) {
	t.Helper()
	p := prefix(t)
	c := coordinate(t, client, flowredis.Config{Prefix: p})
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerSecond(10_000), Burst: 1000})
	start(t, c)
	ld := startLoad(t, l, 8)
	await(t, "decisions in redis", 3*patient, func() bool { return l.Stats().Coordinated.Allowed > 100 })
	if err := lose(p + ":{api}:tb:v1"); err != nil {
		t.Fatal(err)
	}
	if c.Stats().Local == 0 {
		t.Error("no decision was degraded, so nothing was lost")
	}
	ld.back(t, c, 1500*time.Millisecond)
}

// ways are how a server is lost.
var ways = map[string]func(*redistest.Server){"killed": (*redistest.Server).Kill, "stopped": (*redistest.Server).Pause}

func TestSentinelFailoverIsFollowed(t *testing.T) {
	t.Parallel()
	for name, lose := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := redistest.Sentinel(t)
			client := newClient(t, flowredis.ClientConfig{Addrs: servers.Addrs(), MasterName: redistest.MasterName})
			overcome(t, client, func(string) error {
				old := servers.Master()
				lose(old)
				_, err := servers.AwaitFailover(t.Context(), old)
				return err
			})
		})
	}
}

func TestClusterFailoverIsFollowed(t *testing.T) {
	t.Parallel()
	for name, lose := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := redistest.Cluster(t)
			overcome(t, clientOf(t, servers.Addrs()...), func(key string) error {
				old := servers.MasterOf(key)
				lose(old)
				_, err := servers.AwaitFailover(t.Context(), key, old)
				return err
			})
		})
	}
}

func TestClockOfTheServerMayStep(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t, redistest.WithClock())
	l := newBucket(t, coordinate(t, calmClient(t, server.Addr()), unhurried), flowredis.TokenBucketConfig{Rate: limit.PerMinute(600), Burst: 3})
	take := func() (allowed, most int) {
		began := time.Now()
		for range 10 {
			d, err := l.Take(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if d.Allowed {
				allowed++
			}
			if d.ResetAfter > 300*time.Millisecond {
				t.Fatalf("full again after %v, want the 300ms of a burst at most", d.ResetAfter)
			}
		}
		return allowed, 3 + 2 + int(10*time.Since(began).Seconds())
	}
	take()
	for _, offset := range []time.Duration{time.Hour, -time.Hour, 0, 50 * time.Millisecond, -50 * time.Millisecond} {
		server.SetClock(offset)
		if got, most := take(); got > most {
			t.Errorf("after a step to %v %d permits came at once, want a burst of 3 and what time gave, %d at most", offset, got, most)
		}
		await(t, "a permit after a step of the clock", patient, func() bool { return l.Allow(t.Context()) })
	}
}

func TestConnectionsThatAreKilledAreReplaced(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	c := coordinate(t, clientOf(t, server.Addr()), flowredis.Config{})
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerSecond(10_000), Burst: 1000})
	ld := startLoad(t, l, 8)
	for range 10 {
		<-time.After(30 * time.Millisecond)
		server.MustDo("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
		await(t, "coordinated mode", patient, func() bool { return c.Mode() == flowredis.Coordinated })
	}
	ld.check(t, budget+lateness)
}

func TestPoolThatIsUsedUpKeepsTheBudget(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	client := newClient(t, flowredis.ClientConfig{Addrs: []string{server.Addr()}, PoolSize: 1})
	l := newBucket(t, coordinate(t, client, flowredis.Config{}), flowredis.TokenBucketConfig{Rate: limit.PerSecond(10_000), Burst: 1000})
	ld := startLoad(t, l, 100)
	<-time.After(time.Second)
	ld.check(t, budget+lateness)
}
