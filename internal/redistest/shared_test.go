package redistest_test

import (
	"testing"

	"github.com/goflow-go/goflow/internal/redistest"
)

func TestSharedIsOneServer(t *testing.T) {
	t.Parallel()
	a, b := redistest.Shared(t), redistest.Shared(t)
	if a.Pid() != b.Pid() {
		t.Errorf("got pids %d and %d, want one", a.Pid(), b.Pid())
	}
}

func TestSharedTestsStayApart(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, key := redistest.Shared(t), redistest.Prefix(t)+"k"
			if got := s.MustDo("INCR", key).Number; got != 1 {
				t.Errorf("got %d, want 1", got)
			}
		})
	}
}

func TestSharedClusterHasAllKeys(t *testing.T) {
	t.Parallel()
	c := redistest.SharedCluster(t)
	key := redistest.Prefix(t) + "k"
	c.MasterOf(key).MustDo("SET", key, "v")
	if got := c.MasterOf(key).MustDo("GET", key).Text; got != "v" {
		t.Errorf("got %q, want v", got)
	}
}
