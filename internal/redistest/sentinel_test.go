package redistest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/redistest"
)

const failover = 30 * time.Second // the most that one may take

func TestSentinelsReplaceAMasterThatDies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		opts []redistest.Option
		end  func(*redistest.Server)
	}{
		{"killed", nil, (*redistest.Server).Kill},
		{"paused", []redistest.Option{redistest.WithPassword("s3cret")}, (*redistest.Server).Pause},
		{"killed, with TLS", []redistest.Option{redistest.WithTLS(), redistest.WithOwnAddrs()}, (*redistest.Server).Kill},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			s := redistest.Sentinel(t, c.opts...)
			t.Logf("started in %v", time.Since(began))
			old := s.Master()
			if old.Addr() != s.Node(0).Addr() {
				t.Errorf("master: got %v, want node 0, %v", old, s.Node(0))
			}
			old.MustDo("SET", "k", "v")
			old.MustDo("WAIT", "2", "4000")
			ctx, cancel := context.WithTimeout(t.Context(), failover)
			defer cancel()
			died := time.Now()
			c.end(old)
			now, err := s.AwaitFailover(ctx, old)
			if err != nil {
				t.Fatalf("%v\n%s", err, s.Sentinel(0).Log())
			}
			t.Logf("replaced in %v", time.Since(died))
			if got := now.MustDo("GET", "k").Text; got != "v" {
				t.Errorf("after the failover: got %q, want v", got)
			}
		})
	}
}

func TestSentinelsTellWhatHasNotHappened(t *testing.T) {
	t.Parallel()
	s := redistest.Sentinel(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.AwaitFailover(ctx, s.Master()); err == nil || !strings.Contains(err.Error(), "still the master") {
		t.Errorf("got %v, want that the master is the same", err)
	}
	if got := len(s.Addrs()); got != 3 {
		t.Errorf("got %d sentinels, want 3", got)
	}
	for i := range s.Addrs() {
		s.Sentinel(i).Kill()
	}
	text, failed := fails(t, func(tb testing.TB) { redistest.SentinelsOn(tb, s).Master() })
	if !failed || !strings.Contains(text, "no sentinel") {
		t.Errorf("got failed %v, %q, want that no sentinel answers", failed, text)
	}
}
