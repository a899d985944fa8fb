package flowredis_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

// resolution is how true times must be: many round trips, and the suite takes hundreds of it.
const resolution = 5 * time.Millisecond

// conform runs the suites over token buckets on a client.
func conform(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		limittest.Run(t, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			t.Helper()
			return newBucket(t, coordinate(t, client, unhurried), flowredis.TokenBucketConfig{Rate: rate, Burst: burst})
		}, limittest.RealTime(resolution))
	})
	t.Run("keyed", func(t *testing.T) {
		t.Parallel()
		limittest.RunKeyed(t, func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter {
			t.Helper()
			return newKeyed(t, coordinate(t, client, unhurried), flowredis.TokenBucketConfig{Rate: rate, Burst: burst})
		}, limittest.RealTime(resolution))
	})
}

func TestTokenBucketConformsOnASingleServer(t *testing.T) {
	t.Parallel()
	conform(t, calmClient(t, redistest.Shared(t).Addr()))
}

func TestTokenBucketConformsOnACluster(t *testing.T) {
	t.Parallel()
	conform(t, calmClient(t, redistest.SharedCluster(t).Addrs()...))
}

func TestTokenBucketConformsBehindSentinels(t *testing.T) {
	t.Parallel()
	servers := redistest.Sentinel(t, redistest.WithPatience())
	conform(t, newClient(t, calm(flowredis.ClientConfig{Addrs: servers.Addrs(), MasterName: redistest.MasterName})))
}
