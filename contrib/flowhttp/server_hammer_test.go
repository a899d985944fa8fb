package flowhttp_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
)

// TestServerLosesNoRequestOfConnectionsKeptAlive has clients, each with a connection of its own, send
// one request after another while the server stops: each is answered, or its connection refused.
func TestServerLosesNoRequestOfConnectionsKeptAlive(t *testing.T) {
	t.Parallel()
	const clients, rounds = 32, 20
	var sent atomic.Int64
	// The farewell is long, or a client that does not run for a while comes too late.
	s := newServer(t, flowhttp.ServerConfig{Addr: ownLoopback(), Farewell: 10 * time.Second}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sent.Add(1)
		_, _ = io.WriteString(w, "whole")
	}))
	for range rounds {
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var running, done sync.WaitGroup
		running.Add(clients)
		for range clients {
			done.Go(func() { hammer(t, s.Addr().String(), running.Done) })
		}
		running.Wait()
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		done.Wait()
	}
	if sent.Load() < clients*rounds {
		t.Errorf("%d requests served, want one of each client in each round", sent.Load())
	}
}

// ownLoopback is a free address that no other server takes once it is free again, where loopback has several.
func ownLoopback() string {
	if runtime.GOOS == "linux" {
		return "127.0.0.2:0"
	}
	return loopback
}

// hammer sends requests until a connection is refused, on one connection after another, and tells
// when the first was answered. It is an HTTP client of its own, since that of net/http hides what we
// look for: it sends a request again when the server has closed its connection.
func hammer(t *testing.T, addr string, first func()) {
	t.Helper()
	told := false
	for {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), "tcp", addr)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err != nil {
			t.Errorf("dial: %v", err)
			return
		}
		for r, last := bufio.NewReader(c), false; !last; {
			if last, err = exchange(c, r); err != nil {
				t.Errorf("a request was lost: %v", err)
				last = true
			}
			if !told {
				told = true
				first()
			}
		}
		_ = c.Close()
	}
}

// exchange sends a request and reads its response; last tells that the connection is to be closed.
func exchange(c io.Writer, r *bufio.Reader) (last bool, err error) {
	if _, err := io.WriteString(c, request); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = res.Body.Close() }()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "whole" {
		return false, errors.Join(errors.New("the answer is "+string(body)), err)
	}
	return res.Close, nil
}
