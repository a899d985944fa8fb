package flowhttp

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// serving is a Server from Start to Stop.
type serving struct {
	server   *http.Server
	listener net.Listener
	stopped  atomic.Bool   // Stop was called
	leaving  atomic.Bool   // connections are closed after their response
	done     chan struct{} // closed when nothing is accepted any more

	mu    sync.Mutex
	conns map[net.Conn]phase // of those not closed or hijacked
}

// phase is what a connection is at.
type phase struct {
	busy  bool // at a request, rather than between two
	since time.Time
}

// handle says goodbye once the server is leaving.
func (r *serving) handle(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, req)
	})
}

// follow keeps conns.
func (r *serving) follow(c net.Conn, state http.ConnState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch state {
	case http.StateNew, http.StateIdle:
		r.conns[c] = phase{false, time.Now()}
	case http.StateActive:
		r.conns[c] = phase{true, time.Now()}
	case http.StateClosed, http.StateHijacked:
		delete(r.conns, c)
	}
}

// busy counts the connections that are at a request.
func (r *serving) busy() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.conns {
		if p.busy {
			n++
		}
	}
	return n
}

// expecting reports whether a connection is open that changed less than d ago, or the server left less
// than d ago: its client may not know yet.
func (r *serving) expecting(left time.Time, d time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	early := time.Since(left) < d
	for _, p := range r.conns {
		if early || time.Since(p.since) < d {
			return true
		}
	}
	return false
}

// leave stops listening before it says goodbye on any connection, so that a client that comes back
// on a new one is refused.
func (r *serving) leave(ctx context.Context, farewell time.Duration) error {
	r.stopped.Store(true)
	_ = r.listener.Close() // ends Serve; closing again is no fault
	<-r.done
	r.leaving.Store(true)
	r.wait(ctx, farewell)
	r.hangUp()
	if err := r.server.Shutdown(ctx); err != nil {
		busy := r.busy()
		_ = r.server.Close() // nothing is left to save
		return fmt.Errorf("%d connections cut off: %w", busy, err)
	}
	return nil
}

// wait waits until all connections have closed, or been as they are for d.
//
// A request that came before the farewell may be answered during it, without "Connection: close".
// Then its client may send another, so that connection has d from its answer on. Once Shutdown was
// called, net/http adds "Connection: close" itself.
func (r *serving) wait(ctx context.Context, d time.Duration) {
	left := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for r.expecting(left, d) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// hangUp closes the connections that are at no request. http.Server.Shutdown would wait 5 seconds
// for one that never sent a byte, as browsers hold them.
func (r *serving) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c, p := range r.conns {
		if !p.busy {
			_ = c.Close() // nobody is to be told
		}
	}
}
