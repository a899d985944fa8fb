package flowredis_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// two makes coordinators of two processes.
func two(t *testing.T, addrs []string) (a, b *flowredis.Coordinator) {
	t.Helper()
	cfg := flowredis.Config{Prefix: prefix(t), Budget: patient, Heartbeat: 50 * time.Millisecond}
	return coordinate(t, calmClient(t, addrs...), cfg), coordinate(t, calmClient(t, addrs...), cfg)
}

func TestLimitIsOneForTwoProcesses(t *testing.T) {
	t.Parallel()
	a, b := two(t, []string{redistest.Shared(t).Addr()})
	cfg := flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 5}
	first, second := newBucket(t, a, cfg), newBucket(t, b, cfg)
	got := 0
	for range 5 {
		for _, l := range []*flowredis.Limiter{first, second} {
			if l.Allow(t.Context()) {
				got++
			}
		}
	}
	if got != 5 {
		t.Errorf("two processes got %d permits, want the 5 of one limit", got)
	}
}

func TestQuotaThatIsSetIsInForceWithTheNextDecisionAnywhere(t *testing.T) {
	t.Parallel()
	for name, addrs := range map[string][]string{
		"single":  {redistest.Shared(t).Addr()},
		"cluster": redistest.SharedCluster(t).Addrs(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := two(t, addrs)
			cfg := flowredis.TokenBucketConfig{Rate: limit.PerHour(7), Burst: 10}
			first, second := newBucket(t, a, cfg), newBucket(t, b, cfg)
			second.AllowN(t.Context(), 4)
			if err := first.SetRate(t.Context(), limit.PerMinute(1)); err != nil {
				t.Fatal(err)
			}
			d, err := second.Take(t.Context(), 1)
			if err != nil || d.Window != 10*time.Minute || d.Remaining != 5 {
				t.Errorf("got %+v, %v, want a window of 10m and the 5 permits in use still in use", d, err)
			}
			if err := second.SetBurst(t.Context(), 20); err != nil {
				t.Fatal(err)
			}
			if d, err = first.Take(t.Context(), 1); err != nil || d.Limit != 20 || d.Remaining != 14 {
				t.Errorf("got %+v, %v, want a burst of 20 with 14 left", d, err)
			}
			if got, want := first.Quota(), (limit.Quota{Rate: limit.PerMinute(1), Burst: 20}); got != want {
				t.Errorf("the quota is %+v, want %+v", got, want)
			}
			late := newBucket(t, a, cfg)
			if d, err = late.Take(t.Context(), 1); err != nil || d.Limit != 20 {
				t.Errorf("made later: got %+v, %v, want the quota in force", d, err)
			}
		})
	}
}

func TestQuotaOfAKeyedLimiterSpreadsWithHeartbeats(t *testing.T) {
	t.Parallel()
	a, b := two(t, redistest.SharedCluster(t).Addrs())
	cfg := flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 10}
	first, second := newKeyed(t, a, cfg), newKeyed(t, b, cfg)
	start(t, b)
	if err := first.SetBurst(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	await(t, "the burst", patient, func() bool { return second.Stats().Burst == 3 })
	if d, err := second.Take(t.Context(), "ann", 1); err != nil || d.Limit != 3 {
		t.Errorf("got %+v, %v, want a burst of 3", d, err)
	}
}

func TestQuotaThatRedisLostIsPutBack(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	a, b := two(t, []string{server.Addr()})
	first, second := newBucket(t, a, tenth(10)), newBucket(t, b, tenth(10))
	if err := first.SetBurst(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	server.MustDo("FLUSHALL")
	if d, err := first.Take(t.Context(), 1); err != nil || d.Limit != 50 {
		t.Errorf("who knows it: got %+v, %v, want a burst of 50", d, err)
	}
	if d, err := second.Take(t.Context(), 1); err != nil || d.Limit != 50 {
		t.Errorf("who did not: got %+v, %v, want a burst of 50", d, err)
	}
}

func TestQuotaCannotBeSetWithoutRedis(t *testing.T) {
	t.Parallel()
	c := coordinate(t, clientOf(t, "127.0.0.1:1"), flowredis.Config{})
	l := newBucket(t, c, tenth(10))
	if err := l.SetBurst(t.Context(), 50); core.ErrorType(err) != core.TypeUnavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	if err := l.SetRate(t.Context(), limit.Rate{}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want invalid", err)
	}
	if st := l.Stats(); st.Burst != 10 {
		t.Errorf("got a burst of %d, want 10 as before", st.Burst)
	}
}

func TestNonsenseInTheKeyOfTheQuotaDegradesThatLimiter(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	for _, text := range []string{"x", "1 2", "0 1/s 1", "5 1/s 0", "5 0/s 1", "-1 1/s 1", strings.Repeat("9", 400) + " 1/s 1"} {
		p := prefix(t)
		c := coordinate(t, calmClient(t, server.Addr()), flowredis.Config{Prefix: p, Budget: patient})
		l := newBucket(t, c, tenth(5))
		server.MustDo("SET", p+":{api}:tb-quota:v1", text)
		if d, err := l.Take(t.Context(), 1); err != nil || !d.Allowed || l.Stats().Degraded.Allowed != 1 {
			t.Errorf("%.20q: got %+v, %v, want a local decision", text, d, err)
		}
	}
}
