package flowredis_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/internal/redistest"
)

// feed adds numbered messages until it is stopped, each until it was surely added, and tells how many.
func feed(l *line) (stop func() int) {
	p := l.producer(flowredis.ProducerConfig{Timeout: 500 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	added := make(chan int)
	go func() {
		n := 0
		for ctx.Err() == nil {
			if p.Add(ctx, numbered(n, 1)...) == nil {
				n++
			}
			<-time.After(2 * time.Millisecond)
		}
		added <- n
	}()
	return func() int {
		cancel()
		return <-added
	}
}

// survive runs a producer and a consumer while fail fails a server over, and wants all that was added.
func survive(t *testing.T, client redis.UniversalClient, fail func(stream string)) {
	t.Helper()
	l := newLine(t, client)
	seen := newTallied()
	c := l.consumer("first", flowredis.ConsumerConfig{ClaimAfter: 500 * time.Millisecond})
	stop := running(t, c, func(_ context.Context, m flowredis.Message) error {
		seen.note(number(m))
		return nil
	})
	stopFeed := feed(l)
	await(t, "messages", patient, func() bool { n, _ := seen.counts(); return n > 100 })
	before := time.Now()
	fail(l.stream)
	n, _ := seen.counts()
	await(t, "messages after the failover", 4*patient, func() bool { now, _ := seen.counts(); return now > n+100 })
	t.Logf("messages came again %v after the failure", time.Since(before))
	total := stopFeed()
	await(t, "every message", patient, func() bool { n, _ := seen.counts(); return n >= total })
	if err := stop(); err != nil {
		t.Error(err)
	}
	numbers, all := seen.counts()
	t.Logf("%d messages, given %d times; %+v", numbers, all, c.Stats())
}

func TestConsumerSurvivesAFailoverBehindSentinels(t *testing.T) {
	t.Parallel()
	servers := redistest.Sentinel(t)
	client := newClient(t, flowredis.ClientConfig{Addrs: servers.Addrs(), MasterName: redistest.MasterName})
	survive(t, client, func(string) {
		old := servers.Master()
		old.Kill()
		ctx, cancel := context.WithTimeout(t.Context(), 4*patient)
		defer cancel()
		if _, err := servers.AwaitFailover(ctx, old); err != nil {
			t.Fatal(err)
		}
	})
}

func TestConsumerSurvivesAFailoverInACluster(t *testing.T) {
	t.Parallel()
	nodes := redistest.Cluster(t)
	survive(t, clientOf(t, nodes.Addrs()...), func(stream string) {
		old := nodes.MasterOf(stream)
		old.Kill()
		ctx, cancel := context.WithTimeout(t.Context(), 4*patient)
		defer cancel()
		if _, err := nodes.AwaitFailover(ctx, stream, old); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTokensRiseWhateverRedisLoses(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t, redistest.WithClock())
	store := newLeases(t, clientOf(t, server.Addr()), unhurried)
	var last uint64
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"at first", func() {}},
		{"after FLUSHALL", func() { server.MustDo("FLUSHALL") }},
		{"after a restart without persistence", func() { server.Kill(); server.Revive() }},
		{"after the clock was set forward", func() { server.SetClock(time.Hour) }},
		{"after the clock was set back", func() { server.SetClock(0) }},
		{"and further back", func() { server.SetClock(-30 * time.Minute) }},
	} {
		c.do()
		var g lease.Grant
		var err error
		await(t, "the key, "+c.name, patient, func() bool {
			g, err = store.Acquire(t.Context(), "report", "ann", time.Second)
			return err == nil && g.State == lease.Granted
		})
		if g.Token <= last {
			t.Errorf("%s: token %d after %d", c.name, g.Token, last)
		}
		last = g.Token
	}
}

func TestKeyIsNotHeldForLongerBecauseTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t, redistest.WithClock())
	store := newLeases(t, calmClient(t, server.Addr()), unhurried)
	const ttl = 300 * time.Millisecond
	if _, err := store.Acquire(t.Context(), "report", "ann", ttl); err != nil {
		t.Fatal(err)
	}
	server.SetClock(-time.Hour)
	began := time.Now()
	await(t, "the key", patient, func() bool {
		g, err := store.Acquire(t.Context(), "report", "bob", ttl)
		return err == nil && g.State == lease.Granted
	})
	if took := time.Since(began); took > 10*ttl {
		t.Errorf("the dead holder's key was free after %v, want about %v", took, ttl)
	}
}
