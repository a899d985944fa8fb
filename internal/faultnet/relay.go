package faultnet

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/loopback"
)

// Relay forwards connections to a server. Its methods are safe for use by several goroutines.
type Relay struct {
	tb     testing.TB
	target string
	addr   string
	faults *faults
	counts counts
	wg     sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while refusing
	links    map[*link]struct{}
	closed   bool
}

// counts are what Stats tells.
type counts struct{ conns, requests, replies, cut, delayed, toServer, toClient atomic.Int64 }

// Stats is what passed since the relay listens.
type Stats struct {
	Conns    int64 // connections accepted
	Requests int64 // turns that a client began
	Replies  int64 // turns that the server answered, those that were cut too
	Cut      int64 // replies that the client did not get
	Delayed  int64 // replies that came late by DelayReplies
	ToServer int64 // bytes
	ToClient int64 // bytes
}

// Listen relays to target, which need not be there yet, until the test ends.
func Listen(tb testing.TB, target string) *Relay {
	tb.Helper()
	port, err := loopback.Reserve(host)
	if err != nil {
		tb.Fatal(err)
	}
	r := &Relay{tb: tb, target: target, faults: newFaults(), links: map[*link]struct{}{}}
	r.addr = net.JoinHostPort(host, strconv.Itoa(port.Number))
	if err := r.listen(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		r.close()
		port.Release()
	})
	return r
}

const (
	host      = "127.0.0.1"
	dialLimit = 5 * time.Second // for the server to be there, or not
)

// Addr is where clients connect: "127.0.0.1:12345".
func (r *Relay) Addr() string { return r.addr }

// Stats tells what passed.
func (r *Relay) Stats() Stats {
	c := &r.counts
	return Stats{
		c.conns.Load(), c.requests.Load(), c.replies.Load(), c.cut.Load(), c.delayed.Load(), c.toServer.Load(), c.toClient.Load(),
	}
}

// Refuse closes the port: new connections are refused, and those that are open stay.
func (r *Relay) Refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener != nil {
		_ = r.listener.Close()
		r.listener = nil
	}
}

// Accept opens the port again after [Relay.Refuse].
func (r *Relay) Accept() {
	r.tb.Helper()
	if err := r.listen(); err != nil {
		r.tb.Error(err)
	}
}

// Sever closes all connections, as a server does that ends.
func (r *Relay) Sever() { r.endAll((*link).close) }

// Reset resets all connections: the next read or write of a client fails with "connection reset by peer".
func (r *Relay) Reset() { r.endAll((*link).reset) }

func (r *Relay) endAll(end func(*link)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for l := range r.links {
		end(l)
	}
}

// listen opens the port, unless it is open or the test has ended.
func (r *Relay) listen() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener != nil || r.closed {
		return nil
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", r.addr)
	if err != nil {
		return err
	}
	r.listener = listener
	r.wg.Go(func() { r.accept(listener) })
	return nil
}

// accept takes connections until the port is closed.
func (r *Relay) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		r.counts.conns.Add(1)
		r.wg.Go(func() { r.serve(conn.(*net.TCPConn)) })
	}
}

// serve relays one connection until an end closes it. A client whose server is not there is reset.
func (r *Relay) serve(client *net.TCPConn) {
	ctx, end := context.WithCancel(context.Background())
	l := &link{relay: r, client: client, done: ctx.Done(), end: end, answered: true}
	if !r.add(l) {
		l.reset()
		return
	}
	defer r.remove(l)
	server, err := (&net.Dialer{Timeout: dialLimit}).DialContext(ctx, "tcp", r.target)
	if err != nil {
		l.reset()
		return
	}
	l.run(server.(*net.TCPConn))
}

func (r *Relay) add(l *link) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.links[l] = struct{}{}
	return true
}

func (r *Relay) remove(l *link) {
	l.close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.links, l)
}

// close ends everything and waits until nothing runs.
func (r *Relay) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.Refuse()
	r.Sever()
	r.wg.Wait()
}
