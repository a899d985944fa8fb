package flowredis_test

import (
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/internal/redistest"
)

// quorumOf makes a quorum of the leases of independent servers.
func quorumOf(t *testing.T, servers ...*redistest.Server) *lease.Quorum {
	t.Helper()
	var stores []lease.Store
	for _, s := range servers {
		stores = append(stores, newLeases(t, clientOf(t, s.Addr()), flowredis.Config{}))
	}
	q, err := lease.NewQuorum(stores...)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestALeaseOfAQuorumOutlivesOneOfItsServers(t *testing.T) {
	t.Parallel()
	servers := []*redistest.Server{redistest.Single(t), redistest.Single(t), redistest.Single(t)}
	locker := newLocker(t, quorumOf(t, servers...), lease.Config{TTL: 3 * time.Second})
	held, err := locker.Acquire(t.Context(), redistest.Prefix(t))
	if err != nil {
		t.Fatal(err)
	}
	servers[0].Kill()
	select {
	case <-held.Context().Done():
		t.Errorf("the lease ended with one of three servers: %v", held.Err())
	case <-time.After(4 * time.Second): // longer than it lasts without being renewed
	}
	if err := held.Release(t.Context()); err != nil {
		t.Error(err)
	}
}
