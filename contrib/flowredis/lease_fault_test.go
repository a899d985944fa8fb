package flowredis_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
)

func newLocker(tb testing.TB, store lease.Store, cfg lease.Config) *lease.Locker {
	tb.Helper()
	l, err := lease.NewLocker("jobs", store, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.Close)
	return l
}

func TestKeyIsFreeAtOnceWhenTheAnswerToARequestForItWasLost(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	relay := faultnet.Listen(t, server.Addr())
	long := lease.Config{TTL: time.Hour, Timeout: patient} // what takes long is the store's to give up
	near := newLocker(t, newLeases(t, calmClient(t, server.Addr()), flowredis.Config{Prefix: "r9"}), long)
	far := newLocker(t, newLeases(t, calmClient(t, relay.Addr()), flowredis.Config{Prefix: "r9"}), long)
	l, err := far.TryAcquire(t.Context(), "report") // the scripts are known from here on
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		relay.CutReplies(1, faultnet.Contains("acquire"))
		var failed *lease.StoreError
		if _, err := far.TryAcquire(t.Context(), "report"); !errors.As(err, &failed) || core.ErrorType(err) != core.TypeUnavailable {
			t.Fatalf("got %v, want a StoreError of class unavailable", err)
		}
		l, err := near.TryAcquire(t.Context(), "report")
		if err != nil {
			t.Fatalf("got %v, want the key free", err)
		}
		if err := l.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoRequestForALeaseIsSentTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		client func(addr string) redis.UniversalClient
	}{
		{"a client of ours", func(addr string) redis.UniversalClient { return calmClient(t, addr) }},
		{"a client that retries", func(addr string) redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, MaxRetries: 3})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Single(t)
			relay := faultnet.Listen(t, server.Addr())
			client := c.client(relay.Addr())
			defer func() { _ = client.Close() }()
			co := coordinate(t, client, flowredis.Config{Prefix: "twice"})
			store, err := flowredis.NewLeases(co)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Acquire(t.Context(), "report", "ann", time.Minute); err != nil {
				t.Fatal(err)
			}
			server.MustDo("CONFIG", "RESETSTAT")
			const calls = 60
			for i := range calls {
				if i%3 == 0 {
					relay.CutReplies(1, faultnet.Contains("evalsha"))
				}
				_, _ = store.Extend(t.Context(), "report", "ann", time.Minute)
			}
			relay.Heal()
			stats := server.MustDo("INFO", "commandstats").Text
			if want := "cmdstat_evalsha:calls=60,"; !strings.Contains(stats, want) {
				t.Errorf("%d calls, want %s in\n%s", calls, want, stats)
			}
			if co.Stats().Unknown != calls/3 {
				t.Errorf("got %+v, want %d unknown", co.Stats(), calls/3)
			}
		})
	}
}

func TestOtherValueInAKeyFailsThatKeyAlone(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	p := prefix(t)
	store := newLeases(t, calmClient(t, server.Addr()), flowredis.Config{Prefix: p})
	server.MustDo("SET", p+":{text}:lease:v1", "text")
	server.MustDo("RPUSH", p+":{list}:lease:v1", "text")
	for _, key := range []string{"text", "list"} {
		var unavailable *flowredis.UnavailableError
		if _, err := store.Acquire(t.Context(), key, "ann", time.Second); !errors.As(err, &unavailable) {
			t.Errorf("%s: got %v, want an UnavailableError", key, err)
		}
	}
	if g, err := store.Acquire(t.Context(), "other", "ann", time.Second); err != nil || g.State != lease.Granted {
		t.Errorf("another key: got %+v, %v, want it granted", g, err)
	}
}

func TestLeasesComeBackWhenRedisDoes(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	locker := newLocker(t, newLeases(t, clientOf(t, server.Addr()), flowredis.Config{}), lease.Config{TTL: 600 * time.Millisecond})
	server.Kill()
	if _, err := locker.TryAcquire(t.Context(), "report"); core.ErrorType(err) != core.TypeUnavailable {
		t.Errorf("got %v, want an error of class unavailable", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	got := make(chan error, 1)
	go func() {
		l, err := locker.Acquire(ctx, "report")
		if err == nil {
			err = l.Release(ctx)
		}
		got <- err
	}()
	<-time.After(300 * time.Millisecond)
	server.Revive()
	if err := <-got; err != nil {
		t.Errorf("got %v, want the lease once redis is back", err)
	}
}

func TestLeasesNeedACoordinator(t *testing.T) {
	t.Parallel()
	if _, err := flowredis.NewLeases(nil); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want core.ErrInvalid", err)
	}
}

func BenchmarkLeases(b *testing.B) {
	store := newLeases(b, clientOf(b, redistest.Shared(b).Addr()), unhurried)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_, err1 := store.Acquire(ctx, "report", "ann", time.Minute)
		_, err2 := store.Release(ctx, "report", "ann", 0)
		if err := errors.Join(err1, err2); err != nil {
			b.Fatal(err)
		}
	}
}
