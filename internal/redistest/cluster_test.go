package redistest_test

import (
	"context"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/redistest"
)

func TestClusterReplacesAMasterThatDies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		opts      []redistest.Option
		end, back func(*redistest.Server)
	}{
		{"killed", nil, (*redistest.Server).Kill, (*redistest.Server).Revive},
		{
			"paused, with TLS and a password", []redistest.Option{redistest.WithTLS(), redistest.WithPassword("s3cret")},
			(*redistest.Server).Pause, (*redistest.Server).Resume,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			cluster := redistest.Cluster(t, c.opts...)
			t.Logf("started in %v", time.Since(began))
			if got := len(cluster.Addrs()); got != 6 {
				t.Errorf("got %d nodes, want 6", got)
			}
			old := cluster.MasterOf("k")
			old.MustDo("SET", "k", "v")
			old.MustDo("WAIT", "1", "4000")
			ctx, cancel := context.WithTimeout(t.Context(), failover)
			defer cancel()
			died := time.Now()
			c.end(old)
			now, err := cluster.AwaitFailover(ctx, "k", old)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("replaced in %v", time.Since(died))
			if got := now.MustDo("GET", "k").Text; got != "v" {
				t.Errorf("after the failover: got %q, want v", got)
			}
			if old.Pid() == now.Pid() {
				t.Errorf("%v replaced itself", old)
			}
			c.back(old)
			if err := old.AwaitRole(ctx, "slave"); err != nil {
				t.Errorf("back again: %v", err)
			}
		})
	}
}

func TestOwnsReadsSlots(t *testing.T) {
	t.Parallel()
	const view = "a1 127.0.0.1:1@2 master - 0 0 9 connected 0-99\n" +
		"b2 127.0.0.1:3@4 myself,master - 0 0 7 connected 100-199 300 [93->-a1]\n"
	for _, c := range []struct {
		name string
		slot int64
		want bool
	}{
		{"another's", 0, false},
		{"the first of a span", 100, true},
		{"the last of a span", 199, true},
		{"none's", 200, false},
		{"one alone", 300, true},
		{"one that moves", 93, false},
	} {
		if epoch, got := redistest.Owns(view, c.slot); got != c.want || got && epoch != 7 {
			t.Errorf("%s: got %v of epoch %d, want %v of 7", c.name, got, epoch, c.want)
		}
	}
}
