package flowredis_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
)

// times reads how often a test does its worst from the environment.
func times(tb testing.TB, variable string, byDefault int) int {
	tb.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return byDefault
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		tb.Fatalf("%s is %q, want a number above 0", variable, text)
	}
	return n
}

// ledger is a resource that refuses tokens below the highest it has seen.
type ledger struct {
	mu       sync.Mutex
	highest  int
	writer   string
	since    time.Time // of the highest
	accepted int
	refused  int
	mixed    error // a token that two had
}

func (l *ledger) write(who string, token int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case token < l.highest:
		l.refused++
		return
	case token > l.highest:
		l.highest, l.writer, l.since = token, who, time.Now()
	case who != l.writer:
		l.mixed = fmt.Errorf("%s and %s both wrote with token %d", who, l.writer, token)
	}
	l.accepted++
}

func (l *ledger) leader() (who string, token int, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writer, l.highest, l.since
}

func TestLeaderThatStoodStillWritesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	rounds := times(t, "GOFLOW_STOPPED_LEADERS", 2)
	resource := &ledger{}
	writers := make(map[string]*child)
	for _, name := range []string{"ann", "bob", "cid"} {
		c := startChild(t, "lead", name, server.Addr(), "l1")
		writers[name] = c
		go func() {
			for line := range c.lines {
				_, token := said(line)
				resource.write(name, token)
			}
		}()
	}
	await(t, "a leader", patient, func() bool { who, _, _ := resource.leader(); return who != "" })
	slowest := time.Duration(0)
	stale := func() int {
		resource.mu.Lock()
		defer resource.mu.Unlock()
		return resource.refused
	}
	round := 0
	for ; round < rounds || stale() == 0 && round < 5*rounds; round++ { // one that stopped between two writes has none to make
		who, token, _ := resource.leader()
		stopped := time.Now()
		writers[who].signal(syscall.SIGSTOP)
		await(t, "another leader", patient, func() bool { now, higher, _ := resource.leader(); return now != who && higher > token })
		_, _, since := resource.leader()
		slowest = max(slowest, since.Sub(stopped))
		<-time.After(time.Until(stopped.Add(3 * childTTL)))
		writers[who].signal(syscall.SIGCONT)
		<-time.After(childTTL / 2) // for its late writes
	}
	resource.mu.Lock()
	defer resource.mu.Unlock()
	t.Logf("%d leaders stopped: %d writes accepted, %d stale ones refused, slowest take-over %v", round, resource.accepted, resource.refused, slowest)
	if resource.mixed != nil {
		t.Error(resource.mixed)
	}
	if slowest > childTTL+time.Second {
		t.Errorf("the slowest take-over took %v, want at most %v", slowest, childTTL+time.Second)
	}
	if resource.refused == 0 {
		t.Error("no stale write was tried, so nothing was shown")
	}
}

func TestWorkIsToldBeforeItsLeaseIsOverWhenRedisIsCutOff(t *testing.T) { // alone, as it measures times
	server := redistest.Single(t)
	relay := faultnet.Listen(t, server.Addr())
	cfg := lease.Config{TTL: 3 * time.Second, Margin: time.Second}
	locker := func(client redis.UniversalClient) *lease.Locker {
		l, err := lease.NewLocker("jobs", newLeases(t, client, flowredis.Config{Prefix: "l2"}), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		return l
	}
	near, far := locker(calmClient(t, server.Addr())), locker(clientOf(t, relay.Addr()))
	least := time.Duration(math.MaxInt64)
	for round := range times(t, "GOFLOW_CUT_LEADERS", 2) {
		key := fmt.Sprint("job", round)
		l, err := far.Acquire(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		relay.Stall()
		<-l.Context().Done()
		_, err = near.TryAcquire(t.Context(), key)
		held, ok := err.(*lease.HeldError)
		if !ok {
			t.Fatalf("round %d: the work was told, and another got %v, want the key still held", round, err)
		}
		least = min(least, held.Remaining)
		relay.Heal()
		_ = l.Release(context.Background())
	}
	t.Logf("work was told %v before its lease was over, or earlier", least)
}

func TestWorkOfAKilledProcessIsDoneByAnother(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	workers := map[string]*child{}
	type event struct {
		who, what string
		n         int
		at        time.Time
	}
	events := make(chan event, 100)
	for _, name := range []string{"ann", "bob", "cid"} {
		c := startChild(t, "work", name, server.Addr(), "l3")
		workers[name] = c
		go func() {
			for line := range c.lines {
				what, n := said(line)
				events <- event{name, what, n, time.Now()}
			}
		}()
	}
	runs, kills := map[int]int{}, map[int]int{}
	var killed time.Time
	for finished := 0; finished < 1; {
		var e event
		select {
		case e = <-events:
		case <-time.After(2 * patient):
			t.Fatalf("nothing happens; runs %v, kills %v", runs, kills)
		}
		if e.what == "finished" {
			finished++
			continue
		}
		runs[e.n]++
		if runs[e.n] > 1 {
			if took := e.at.Sub(killed); took > childTTL+time.Second {
				t.Errorf("occurrence %d ran again %v after the kill, want at most %v", e.n, took, childTTL+time.Second)
			}
		}
		if e.n < 2 && kills[e.n] == 0 { // two of three workers die
			kills[e.n]++
			killed = time.Now()
			workers[e.who].signal(syscall.SIGKILL)
		}
	}
	for n := range occurrences {
		if runs[n] != 1+kills[n] {
			t.Errorf("occurrence %d ran %d times with %d kills, want once and again for each kill", n, runs[n], kills[n])
		}
	}
}

func TestNoMessageIsLostWhenConsumersAreKilled(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	client := calmClient(t, server.Addr())
	keys := prefix(t)
	l := &line{t, client, keys + "orders"}
	seen := newTallied()
	const messages, kills = 20_000, 10
	l.add(0, messages)
	var names [2]string
	started := 0
	launch := func(slot int) *child {
		// every second one comes back under its name, the others leave theirs behind
		if started++; started%2 == 0 || names[slot] == "" {
			names[slot] = fmt.Sprint("consumer", started)
		}
		c := startChild(t, "consume", names[slot], server.Addr(), keys)
		go func() {
			for line := range c.lines {
				if what, n := said(line); what == "processed" {
					seen.note(n)
				}
			}
		}()
		return c
	}
	running := [2]*child{launch(0), launch(1)}
	for kill := range kills {
		_, before := seen.counts()
		await(t, "progress", patient, func() bool {
			n, now := seen.counts()
			return now >= before+500 || n == messages
		})
		slot := kill % 2
		running[slot].signal(syscall.SIGKILL)
		running[slot] = launch(slot)
	}
	await(t, "every message", 2*patient, func() bool { n, _ := seen.counts(); return n == messages })
	await(t, "every acknowledgement", patient, func() bool { return l.pending() == 0 })
	_, all := seen.counts()
	t.Logf("%d messages, %d kills: %d were processed more than once", messages, kills, all-messages)
	// what is processed again is what was on its way from one request to its acknowledgement: two batches
	if all-messages > kills*2*10 {
		t.Errorf("%d of %d messages were processed more than once, want at most the %d that were not acknowledged", all-messages, messages, kills*20)
	}
}
