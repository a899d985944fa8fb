package flowhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/limit"
)

// fort is a server with everything in front of its handler, that is about to be attacked.
type fort struct {
	*flowhttp.Server
	permits *limit.Concurrency
	base    int // goroutines before it was there
}

// newFort starts one. The tests that attack are not parallel, so that goroutines can be counted.
func newFort(t *testing.T, cfg flowhttp.ServerConfig, permits int, h http.HandlerFunc) *fort {
	t.Helper()
	f := &fort{base: runtime.NumGoroutine()}
	f.permits = newPermits(t, limit.ConcurrencyConfig{Limit: permits})
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerSecond(1e6), Burst: 1e6})
	edge := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(clients), flowhttp.WithPolicies(f.permits, newBreaker(t)), serverErrors)
	f.Server, _ = started(t, cfg, edge.Wrap(h))
	return f
}

// stands checks that a request is served as if nothing were.
func (f *fort) stands(t *testing.T) {
	t.Helper()
	c := newClient(t)
	defer c.CloseIdleConnections()
	if got := get(t, c, "http://"+f.Addr().String()+"/ok"); got.status != 200 || got.body != "ok" {
		t.Errorf("under attack: got %d %q, want 200 ok", got.status, got.body)
	}
}

// restored stops the server and checks that nothing is left.
func (f *fort) restored(t *testing.T) {
	t.Helper()
	f.eventually(t, "no permit in use", func() bool { return f.permits.Stats().InUse == 0 })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := f.Stop(ctx); err != nil {
		t.Errorf("Stop = %v", err)
	}
	f.eventually(t, fmt.Sprintf("%d goroutines", f.base), func() bool { return runtime.NumGoroutine() <= f.base })
	if s := f.permits.Stats(); s.OverReleased != 0 {
		t.Errorf("permits given back twice: %+v", s)
	}
}

func (f *fort) eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 3000 {
		if is() {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Errorf("after 30 s still not %s: %+v, %d goroutines", what, f.permits.Stats(), runtime.NumGoroutine())
}

// attack runs an attacker on each of n connections.
func (f *fort) attack(t *testing.T, n int, attacker func(net.Conn)) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", f.Addr().String())
			if err != nil {
				t.Errorf("dial: %v", err)
				return
			}
			defer func() { _ = c.Close() }()
			attacker(c)
		})
	}
	all.Wait()
}

// sayOK answers; the body is read first.
func sayOK(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err == nil {
		_, _ = io.WriteString(w, "ok")
	}
}

func TestSlowHeadersHoldNoPermit(t *testing.T) { //nolint:paralleltest // goroutines are counted
	f := newFort(t, flowhttp.ServerConfig{ReadHeaderTimeout: time.Second}, 4, sayOK)
	f.attack(t, 200, func(c net.Conn) {
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
		if _, err := io.Copy(io.Discard, c); errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the server waits for ever: %v", err)
		}
	})
	f.stands(t)
	if s := f.permits.Stats(); s.Allowed != 1 || s.Denied != 0 {
		t.Errorf("got %+v, want the one whole request to have had a permit", s)
	}
	f.restored(t)
}

func TestSlowBodiesAreCutOff(t *testing.T) { //nolint:paralleltest // goroutines are counted
	f := newFort(t, flowhttp.ServerConfig{ReadTimeout: time.Second}, 300, sayOK)
	f.attack(t, 200, func(c net.Conn) {
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow")
		_, _ = io.Copy(io.Discard, c) // until the server hangs up
	})
	f.stands(t)
	f.restored(t)
}

func TestAbortedBodiesGiveTheirPermitsBack(t *testing.T) { //nolint:paralleltest // goroutines are counted
	entered := make(chan struct{}, 200)
	f := newFort(t, flowhttp.ServerConfig{}, 300, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			entered <- struct{}{}
		}
		sayOK(w, r)
	})
	f.attack(t, 200, func(c net.Conn) {
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabor")
		<-entered
		_ = c.(*net.TCPConn).SetLinger(0) // close with a reset
	})
	f.stands(t)
	f.restored(t)
}

func TestHugeHeadersAreRefused(t *testing.T) { //nolint:paralleltest // goroutines are counted
	f := newFort(t, flowhttp.ServerConfig{}, 4, sayOK)
	huge := "GET / HTTP/1.1\r\nHost: x\r\nX-Huge: " + strings.Repeat("x", 72<<10) + "\r\n\r\n"
	f.attack(t, 100, func(c net.Conn) {
		_, _ = io.WriteString(c, huge)
		line, err := bufio.NewReader(c).ReadString('\n')
		if err == nil && !strings.Contains(line, "431") { // the server may reset what it did not read
			t.Errorf("got %q, want 431", line)
		}
	})
	f.stands(t)
	if s := f.permits.Stats(); s.Allowed != 1 {
		t.Errorf("%d requests had a permit, want the one", s.Allowed)
	}
	f.restored(t)
}

// TestIdleConnectionsCostNoPermit holds ten thousand connections (fewer where the system does not allow so
// many files, or under the race detector), each of which was answered once.
func TestIdleConnectionsCostNoPermit(t *testing.T) { //nolint:paralleltest // goroutines are counted
	n := min(idleConns, (files(t)-1000)/2)
	f := newFort(t, flowhttp.ServerConfig{}, 100, sayOK)
	var mu sync.Mutex
	held := make([]net.Conn, 0, n)
	left := make(chan struct{}, n)
	for range n {
		left <- struct{}{}
	}
	close(left)
	f.attack(t, 32, func(net.Conn) {
		for range left {
			c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", f.Addr().String())
			if err != nil {
				t.Errorf("dial: %v", err)
				return
			}
			if err := once(c); err != nil {
				t.Errorf("request: %v", err)
			}
			mu.Lock()
			held = append(held, c)
			mu.Unlock()
		}
	})
	if s := f.permits.Stats(); s.InUse != 0 || s.Allowed != int64(n) {
		t.Errorf("got %+v with %d connections idle, want none in use", s, n)
	}
	f.stands(t)
	f.restored(t)
	for _, c := range held {
		_ = c.(*net.TCPConn).SetLinger(0) // leaves no address in use
		_ = c.Close()
	}
}

// once makes a request on c.
func once(c net.Conn) error {
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(c, 1024), nil)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// files raises how many files may be open, where that is allowed, and tells.
func files(t *testing.T) int {
	t.Helper()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	const want = 24_000
	if l.Cur < want {
		higher := syscall.Rlimit{Cur: want, Max: max(l.Max, want)}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &higher); err == nil {
			return want
		}
	}
	return int(min(l.Cur, want))
}

// TestRapidResetTakesNoMoreThanThePermits opens and resets streams of HTTP/2 as fast as it can
// (CVE-2023-44487), against handlers that run until their client is gone.
func TestRapidResetTakesNoMoreThanThePermits(t *testing.T) { //nolint:paralleltest // goroutines are counted
	const permits = 20
	f := newFort(t, flowhttp.ServerConfig{H2C: true}, permits, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			<-r.Context().Done()
			return
		}
		sayOK(w, r)
	})
	var most int
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for tick := time.Tick(time.Millisecond); ; {
			most = max(most, f.permits.Stats().InUse)
			select {
			case <-tick:
			case <-done:
				return
			}
		}
	})
	// Few of the streams may have a permit: a handler that begins when its client is gone asks for none.
	for rounds := 0; rounds < 100 && f.permits.Stats().Allowed < permits; rounds++ {
		f.attack(t, 8, func(c net.Conn) {
			var reading sync.WaitGroup
			reading.Go(func() { _, _ = io.Copy(io.Discard, c) })
			rapidReset(c, 2000)
			_ = c.Close()
			reading.Wait()
		})
	}
	close(done)
	watching.Wait()
	f.eventually(t, "no permit in use", func() bool { return f.permits.Stats().InUse == 0 })
	f.stands(t)
	if s := f.permits.Stats(); most > permits || s.Allowed < permits {
		t.Errorf("%d in use at most of %d, %+v", most, permits, s)
	}
	f.restored(t)
}

// rapidReset opens n streams and resets each at once, or until the server has had enough.
func rapidReset(c net.Conn, n int) {
	w := bufio.NewWriter(c)
	_, _ = w.WriteString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	_, _ = w.Write(frame(4, 0, 0, nil)) // SETTINGS
	get := []byte{0x82, 0x86, 0x84, 0x41, 1, 'x'}
	for i := range n {
		stream := uint32(2*i + 1)
		_, _ = w.Write(frame(1, 0x5, stream, get)) // HEADERS: GET / of http://x, and that is all
		_, _ = w.Write(frame(3, 0, stream, []byte{0, 0, 0, 8}))
		if err := w.Flush(); err != nil {
			return
		}
	}
}

// frame makes a frame of HTTP/2 (RFC 9113, 4.1).
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	var b bytes.Buffer
	b.Write([]byte{0, 0, byte(len(payload)), kind, flags})
	_ = binary.Write(&b, binary.BigEndian, stream)
	b.Write(payload)
	return b.Bytes()
}
