package faultnet_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/loopback"
)

func TestRelayForwardsAndCounts(t *testing.T) {
	t.Parallel()
	relay := faultnet.Listen(t, newEcho(t).addr)
	a, b := dial(t, relay), dial(t, relay)
	for range 3 {
		a.mustCall(t, "one")
		b.mustCall(t, "two")
	}
	want := faultnet.Stats{Conns: 2, Requests: 6, Replies: 6, ToServer: 6 * 4, ToClient: 6 * 8}
	if got := relay.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRelayCutsOnlyTheRepliesAskedFor(t *testing.T) {
	t.Parallel()
	server := newEcho(t)
	relay := faultnet.Listen(t, server.addr)
	relay.CutReplies(2, faultnet.Contains("TAKE"))
	bystander := dial(t, relay)
	for range 2 {
		c := dial(t, relay)
		c.mustCall(t, "hello")
		if got, err := c.call("take 1"); !errors.Is(err, io.EOF) {
			t.Errorf("got %q, %v, want %v", got, err, io.EOF)
		}
	}
	c := dial(t, relay)
	c.mustCall(t, "take 1")
	bystander.mustCall(t, "hello")
	if got := server.did.Load(); got != 6 {
		t.Errorf("the server did %d calls, want 6: it does what is cut too", got)
	}
	if got := relay.Stats(); got.Cut != 2 || got.Replies != 6 {
		t.Errorf("got %+v, want 2 of 6 replies cut", got)
	}
}

func TestRelayCutsUnderLoadExactlyAsOften(t *testing.T) {
	t.Parallel()
	const callers, calls, spoiled = 8, 125, 300
	server := newEcho(t)
	relay := faultnet.Listen(t, server.addr)
	third := 0
	relay.CutReplies(spoiled, func([]byte) bool {
		third++
		return third%3 == 0
	})
	var wg sync.WaitGroup
	lost := make([]int, callers)
	for i := range callers {
		wg.Go(func() {
			c := dial(t, relay)
			for range calls {
				if _, err := c.call("take"); err != nil {
					lost[i]++
					c = dial(t, relay)
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range lost {
		sum += n
	}
	if did := server.did.Load(); sum != spoiled || did != callers*calls {
		t.Errorf("%d calls lost of %d done, want %d of %d", sum, did, spoiled, callers*calls)
	}
}

func TestRelayDelaysRepliesAndTurns(t *testing.T) {
	t.Parallel()
	const d = 600 * time.Millisecond // longer than a machine that is busy stands still
	for _, c := range []struct {
		name  string
		fault func(*faultnet.Relay)
		slow  int // of two calls
	}{
		{"the next matching reply", func(r *faultnet.Relay) { r.DelayReplies(1, d, nil) }, 1},
		{"no reply that does not match", func(r *faultnet.Relay) { r.DelayReplies(1, d, faultnet.Contains("other")) }, 0},
		{"every turn", func(r *faultnet.Relay) { r.SetLatency(d, d/4) }, 2},
		{"few bytes a second", func(r *faultnet.Relay) { r.SetBandwidth(15) }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			relay := faultnet.Listen(t, newEcho(t).addr)
			client := dial(t, relay)
			c.fault(relay)
			slow := 0
			for range 2 {
				began := time.Now()
				client.mustCall(t, "take")
				if time.Since(began) >= d {
					slow++
				}
			}
			if slow != c.slow {
				t.Errorf("%d of 2 calls took %v, want %d", slow, d, c.slow)
			}
			relay.Heal()
			began := time.Now()
			client.mustCall(t, "take")
			if took := time.Since(began); took >= d {
				t.Errorf("after Heal a call took %v", took)
			}
		})
	}
}

func TestRelaySlices(t *testing.T) {
	t.Parallel()
	relay := faultnet.Listen(t, newEcho(t).addr)
	relay.SetSlices(1)
	c := dial(t, relay)
	if _, err := c.Write([]byte("take\n")); err != nil {
		t.Fatal(err)
	}
	small := false
	buf := make([]byte, 64)
	for got := ""; got != "did take\n"; {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("got %q, then %v", got, err)
		}
		small = small || n < len("did take\n")
		got += string(buf[:n])
	}
	if !small {
		t.Error("the reply came in one piece")
	}
}

func TestRelayStallsWithConnectionsOpen(t *testing.T) {
	t.Parallel()
	server := newEcho(t)
	relay := faultnet.Listen(t, server.addr)
	c := dial(t, relay)
	c.mustCall(t, "before")
	relay.Stall()
	late := dial(t, relay)
	for _, one := range []*client{c, late} {
		_ = one.SetDeadline(time.Now().Add(300 * time.Millisecond))
		if got, err := one.call("during"); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("stalled: got %q, %v, want %v", got, err, os.ErrDeadlineExceeded)
		}
	}
	if got := server.did.Load(); got != 1 {
		t.Errorf("the server did %d calls, want 1", got)
	}
	relay.Resume()
	for _, one := range []*client{c, late} {
		_ = one.SetDeadline(time.Now().Add(5 * time.Second))
		if got, err := one.r.ReadString('\n'); err != nil || got != "did during\n" {
			t.Errorf("resumed: got %q, %v, want what was held back", got, err)
		}
	}
}

func TestRelayEndsConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(*faultnet.Relay)
		want error
	}{
		{"severed", (*faultnet.Relay).Sever, io.EOF},
		{"reset", (*faultnet.Relay).Reset, syscall.ECONNRESET},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			relay := faultnet.Listen(t, newEcho(t).addr)
			one := dial(t, relay)
			one.mustCall(t, "before")
			c.end(relay)
			if _, err := one.r.ReadByte(); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			dial(t, relay).mustCall(t, "after")
		})
	}
}

func TestRelayRefusesNewConnections(t *testing.T) {
	t.Parallel()
	relay := faultnet.Listen(t, newEcho(t).addr)
	old := dial(t, relay)
	old.mustCall(t, "before")
	relay.Refuse()
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", relay.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want %v", err, syscall.ECONNREFUSED)
	}
	old.mustCall(t, "during")
	relay.Accept()
	dial(t, relay).mustCall(t, "after")
}

func TestRelayResetsClientsOfADeadServer(t *testing.T) {
	t.Parallel()
	relay := faultnet.Listen(t, loopback.Addr(t))
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", relay.Addr())
	if err == nil {
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want %v", err, syscall.ECONNRESET)
	}
}
