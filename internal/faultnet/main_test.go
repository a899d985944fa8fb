package faultnet_test

import (
	"bufio"
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/internal/faultnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers each line with "did " and the line. It counts what it did.
type echo struct {
	addr string
	did  atomic.Int64
}

func newEcho(t *testing.T) *echo {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{addr: listener.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(t.Context(), func() { _ = conn.Close() })
			wg.Go(func() {
				defer stop()
				e.serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return e
}

func (e *echo) serve(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // it ends
	for r := bufio.NewReader(conn); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		e.did.Add(1)
		if _, err := conn.Write([]byte("did " + line)); err != nil {
			return
		}
	}
}

// client is one connection.
type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, relay *faultnet.Relay) *client {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", relay.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return &client{conn, bufio.NewReader(conn)}
}

// call sends a line and reads one.
func (c *client) call(line string) (string, error) {
	if _, err := c.Write([]byte(line + "\n")); err != nil {
		return "", err
	}
	reply, err := c.r.ReadString('\n')
	return strings.TrimSuffix(reply, "\n"), err
}

func (c *client) mustCall(t *testing.T, line string) {
	t.Helper()
	if got, err := c.call(line); err != nil || got != "did "+line {
		t.Fatalf("call(%q): got %q, %v, want %q", line, got, err, "did "+line)
	}
}
