package flowredis_test

import (
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func leased(rate limit.Rate, burst, lease int) flowredis.TokenBucketConfig {
	return flowredis.TokenBucketConfig{Rate: rate, Burst: burst, Lease: lease}
}

func conformLeased(t *testing.T, addrs ...string) {
	t.Helper()
	client := patientClient(t, addrs...)
	opts := []limittest.Option{limittest.RealTime(resolution), limittest.Approximate(3)}
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		limittest.Run(t, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			t.Helper()
			return newBucket(t, coordinate(t, client, unhurried), leased(rate, burst, 2))
		}, opts...)
	})
	t.Run("keyed", func(t *testing.T) {
		t.Parallel()
		limittest.RunKeyed(t, func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter {
			t.Helper()
			return newKeyed(t, coordinate(t, client, unhurried), leased(rate, burst, 2))
		}, opts...)
	})
}

func TestLeasedBucketConformsOnASingleServer(t *testing.T) {
	t.Parallel()
	conformLeased(t, redistest.Shared(t).Addr())
}

func TestLeasedBucketConformsOnACluster(t *testing.T) {
	t.Parallel()
	conformLeased(t, redistest.SharedCluster(t).Addrs()...)
}

func TestLeasesSaveRoundTripsAndGiveNoMoreThanTheBurstLessOne(t *testing.T) {
	t.Parallel()
	c := coordinate(t, patientClient(t, redistest.Shared(t).Addr()), unhurried)
	l := newBucket(t, c, leased(limit.PerMinute(60), 1000, 400))
	got := together(t, 2000, func(int) (limit.Decision, error) { return l.Take(t.Context(), 1) })
	if got < 600 || got > 600+60 {
		t.Errorf("2000 callers got %d permits, want the 600 that are not kept for leases, and what came meanwhile", got)
	}
	if st := l.Stats(); st.Leased.Expired != 0 {
		t.Errorf("%+v, want no permits dropped while there are callers for them", st.Leased)
	}
	if trips := c.Stats().Answered; trips > 60 {
		t.Errorf("600 permits took %d round trips, want a few dozen", trips)
	}
	d, err := l.Take(t.Context(), 601)
	if err == nil || d.Allowed {
		t.Errorf("got %+v, %v, want more permits than can be had at once refused", d, err)
	}
}

// inRedis is how many permits a bucket without leases, which has the same state, has left.
func inRedis(t *testing.T, c *flowredis.Coordinator, burst int) int {
	t.Helper()
	look := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerHour(60), Burst: burst})
	d, err := look.Take(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return d.Remaining + 1
}

func TestUnusedPermitsAreReturned(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, c *flowredis.Coordinator, l *flowredis.Limiter){
		"on Close": func(_ *testing.T, _ *flowredis.Coordinator, l *flowredis.Limiter) { l.Close() },
		"on Stop": func(t *testing.T, c *flowredis.Coordinator, _ *flowredis.Limiter) {
			t.Helper()
			if err := c.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := flowredis.Config{Prefix: prefix(t), Budget: patient}
			client := patientClient(t, redistest.Shared(t).Addr())
			c := coordinate(t, client, cfg)
			start(t, c)
			l := newBucket(t, c, leased(limit.PerHour(60), 1000, 400))
			for range 100 {
				l.Allow(t.Context())
			}
			if st := l.Stats(); st.Leased.Granted != 127 {
				t.Errorf("%+v, want 127 permits granted: 1, 2, 4, up to 64", st.Leased)
			}
			end(t, c, l)
			if st := l.Stats(); st.Leased.Returned != 27 || st.Leased.Expired != 0 {
				t.Errorf("%+v, want 27 permits returned", st.Leased)
			}
			if left := inRedis(t, coordinate(t, client, cfg), 600); left < 500 || left > 505 {
				t.Errorf("%d permits are left, want the 500 that were not used", left)
			}
		})
	}
}

func TestUnusedPermitsAreReturnedWhenNoOneAsks(t *testing.T) {
	t.Parallel()
	c := coordinate(t, patientClient(t, redistest.Shared(t).Addr()), unhurried)
	k := newKeyed(t, c, leased(limit.PerSecond(100), 1000, 400))
	for range 130 {
		k.Allow(t.Context(), "ann")
	}
	await(t, "the return", patient, func() bool { return k.Stats().Leased.Returned > 50 })
}

func TestLeasesOfTooManyKeysAreSingleDecisions(t *testing.T) {
	t.Parallel()
	c := coordinate(t, patientClient(t, redistest.Shared(t).Addr()), unhurried)
	cfg := leased(limit.PerHour(60), 10, 5)
	cfg.MaxKeys = 2
	k := newKeyed(t, c, cfg)
	for _, key := range []string{"ann", "bob", "cat", "dan"} {
		got := 0
		for range 20 {
			if k.Allow(t.Context(), key) {
				got++
			}
		}
		if got != 5 {
			t.Errorf("%s got %d permits, want 5", key, got)
		}
	}
}

func TestLeasesAreDecidedLocallyWhileRedisStandsStill(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	c := coordinate(t, clientOf(t, server.Addr()), flowredis.Config{})
	l := newBucket(t, c, leased(limit.PerSecond(1000), 1000, 500))
	ld := startLoad(t, l, 16)
	await(t, "a decision in redis", patient, func() bool { return l.Stats().Coordinated.Allowed > 100 })
	server.Pause()
	await(t, "degraded mode", 2*time.Second, func() bool { return c.Mode() == flowredis.Degraded })
	<-time.After(time.Second)
	server.Resume()
	ld.back(t, c, 3*time.Second)
}

func TestLeasesFollowAQuotaThatIsSet(t *testing.T) {
	t.Parallel()
	a, b := two(t, []string{redistest.Shared(t).Addr()})
	first, second := newBucket(t, a, leased(limit.PerHour(60), 100, 20)), newBucket(t, b, leased(limit.PerHour(60), 100, 20))
	first.Allow(t.Context())
	if err := second.SetBurst(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	got := 0
	for range 50 {
		if first.Allow(t.Context()) {
			got++
		}
	}
	if got > 9 || first.Stats().Burst != 10 {
		t.Errorf("got %d permits of %+v, want what is left of a burst of 10", got, first.Stats())
	}
}
