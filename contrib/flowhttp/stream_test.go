package flowhttp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/limit"
)

// guarded wraps a handler in everything a middleware has.
func guarded(t *testing.T, inUse *gauge, h http.HandlerFunc) http.Handler {
	t.Helper()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerSecond(1000), Burst: 1000})
	return newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(clients), flowhttp.WithPolicies(inUse, withValue)).Wrap(h)
}

func TestHandlerStreams(t *testing.T) {
	t.Parallel()
	var inUse gauge
	next := make(chan struct{})
	s, c := serve(t, guarded(t, &inUse, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "part %d\n", i)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			<-next
		}
		w.(http.Flusher).Flush()
	}))
	res := open(t, c, s.URL)
	lines := bufio.NewReader(res.Body)
	for i := range 3 {
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintf("part %d\n", i) {
			t.Errorf("got %q, %v", line, err)
		}
		next <- struct{}{} // only now may the handler go on
	}
	if rest := text(t, res); rest != "" {
		t.Errorf("got %q after the last part", rest)
	}
}

func TestResponseWriterKeepsItsOtherFaces(t *testing.T) {
	t.Parallel()
	var inUse gauge
	s, c := serve(t, guarded(t, &inUse, func(w http.ResponseWriter, _ *http.Request) {
		_, flushes := w.(http.Flusher)
		_, hijacks := w.(http.Hijacker)
		_, reads := w.(io.ReaderFrom)
		_, _ = fmt.Fprint(w, flushes, hijacks, reads)
	}))
	if got := get(t, c, s.URL).body; got != "true true true" {
		t.Errorf("got %s", got)
	}
}

func TestHandlerSwitchesProtocols(t *testing.T) {
	t.Parallel()
	var inUse gauge
	s, _ := serve(t, guarded(t, &inUse, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString("echo " + line)
		_ = rw.Flush()
	}))
	conn, in := dial(t, s, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, %v", res, err)
	}
	_ = res.Body.Close()
	if _, err := io.WriteString(conn, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := in.ReadString('\n'); line != "echo hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

// dial sends raw text to a server.
func dial(t *testing.T, s *httptest.Server, request string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func TestAbortedRequestsGiveBackWhatTheyHeld(t *testing.T) {
	t.Parallel()
	const clients = 20
	var inUse gauge
	reading, ended := make(chan struct{}), make(chan error)
	s, _ := serve(t, guarded(t, &inUse, func(_ http.ResponseWriter, r *http.Request) {
		reading <- struct{}{}
		_, err := io.Copy(io.Discard, r.Body)
		ended <- err
		panic(http.ErrAbortHandler)
	}))
	var conns []net.Conn
	for range clients {
		conn, _ := dial(t, s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow")
		conns = append(conns, conn)
		<-reading
	}
	if got := inUse.inUse.Load(); got != clients {
		t.Errorf("%d in use while %d bodies are read", got, clients)
	}
	for _, conn := range conns {
		_ = conn.Close()
		if err := <-ended; err == nil {
			t.Error("a body cut short was read without an error")
		}
	}
	s.Close() // returns when every handler has
	if in, done := inUse.inUse.Load(), inUse.done.Load(); in != 0 || done != clients {
		t.Errorf("%d in use, %d done; want 0 and %d", in, done, clients)
	}
}

func TestHugeForwardedHeaderIsAnswered(t *testing.T) {
	t.Parallel()
	var inUse gauge
	s, c := serve(t, guarded(t, &inUse, ok))
	if got := get(t, c, s.URL, "X-Forwarded-For", strings.Repeat("10.0.0.1,", 7000)).status; got != 200 {
		t.Errorf("got %d", got)
	}
}
