package flowredis_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/core/lease/leasetest"
	"github.com/goflow-go/goflow/internal/redistest"
)

// newLeases makes a store of leases with a prefix of the test's own.
func newLeases(tb testing.TB, client redis.UniversalClient, cfg flowredis.Config) *flowredis.Leases {
	tb.Helper()
	l, err := flowredis.NewLeases(coordinate(tb, client, cfg))
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// conformLeases runs the suite over leases on a client.
func conformLeases(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	// A request for a lease may take a second, which the first one would need on a machine that is busy.
	await(t, "an answer", patient, func() bool { return client.Ping(t.Context()).Err() == nil })
	leasetest.Run(t, func(t *testing.T) lease.Store {
		t.Helper()
		return newLeases(t, client, flowredis.Config{})
	}, leasetest.RealTime(8*resolution))
}

func TestLeasesConformOnASingleServer(t *testing.T) {
	t.Parallel()
	conformLeases(t, calmClient(t, redistest.Shared(t).Addr()))
}

func TestLeasesConformOnACluster(t *testing.T) {
	t.Parallel()
	conformLeases(t, calmClient(t, redistest.SharedCluster(t).Addrs()...))
}

func TestLeasesConformBehindSentinels(t *testing.T) {
	t.Parallel()
	servers := redistest.Sentinel(t, redistest.WithPatience())
	conformLeases(t, newClient(t, calm(flowredis.ClientConfig{Addrs: servers.Addrs(), MasterName: redistest.MasterName})))
}
