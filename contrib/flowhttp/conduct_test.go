package flowhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// proxied starts an upstream and a reverse proxy in front of it, as a gateway is: a middleware around
// it, a transport under it. inUse counts what is under way in the proxy, at both ends.
func proxied(t *testing.T, start func(testing.TB, http.Handler) (*httptest.Server, *http.Client), inUse *gauge, h http.HandlerFunc) (*httptest.Server, *http.Client) {
	t.Helper()
	var upstreams gauge
	upstream, base := start(t, guarded(t, &upstreams, h))
	target, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(&gauge{}, withValue)),
		ErrorLog:  log.New(io.Discard, "", 0), // of a request that is cancelled
	}
	return start(t, guarded(t, inUse, proxy.ServeHTTP))
}

func TestAProxyHandsOnWhatComesAtOnce(t *testing.T) {
	t.Parallel()
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inUse gauge
			next := make(chan flowhttp.Event, 1)
			s, c := proxied(t, start, &inUse, func(w http.ResponseWriter, r *http.Request) {
				if err := flowhttp.WriteEvents(w, r, streams.FromChannel(next)); err != nil {
					t.Error(err)
				}
			})
			n := 0
			next <- flowhttp.Event{Data: "0"}
			for e, err := range flowhttp.Events(bodyOf(t, c, s.URL)).Seq(t.Context()) {
				if n++; err != nil || len(e.Data) != n {
					t.Fatalf("got %q and error %v, want %d bytes", e, err, n)
				}
				if n == 10 {
					close(next)
					continue
				}
				next <- flowhttp.Event{Data: e.Data + "0"} // only now, so each must have gone through at once
			}
			if n != 10 {
				t.Errorf("got %d events, want 10", n)
			}
		})
	}
}

func TestItemsGoBothWaysAtOnce(t *testing.T) {
	t.Parallel()
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inUse gauge
			s, base := start(t, guarded(t, &inUse, func(w http.ResponseWriter, r *http.Request) {
				double := func(_ context.Context, n int) (int, error) { return 2 * n, nil }
				if err := flowhttp.WriteNDJSON(w, r, streams.Map(flowhttp.NDJSON[int](r.Body), double)); err != nil {
					t.Error(err)
				}
			}))
			c := &http.Client{Transport: newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(withValue))}
			in := make(chan int, 1)
			in <- 1
			res, err := c.Do(post(t, s.URL, flowhttp.NDJSONBody(t.Context(), streams.FromChannel(in))))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			n := 0
			for got, err := range flowhttp.NDJSON[int](res.Body).Seq(t.Context()) {
				if n++; err != nil || got != 2*n {
					t.Fatalf("got %d and error %v, want %d", got, err, 2*n)
				}
				if n == 10 {
					close(in)
					continue
				}
				in <- n + 1
			}
			if n != 10 {
				t.Errorf("got %d items, want 10", n)
			}
		})
	}
}

func TestTrailersComeThrough(t *testing.T) {
	t.Parallel()
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inUse gauge
			h := func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				w.Header().Set("Trailer", "Sum")
				_, _ = w.Write(body)
				w.(http.Flusher).Flush()
				w.Header().Set("Sum", strings.TrimSpace("back "+r.Trailer.Get("Sum")))
			}
			s, base := start(t, guarded(t, &inUse, h))
			c := &http.Client{Transport: newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(withValue))}
			requireTrailer(t, c, s.URL, "back forth")
			s, c = proxied(t, start, &inUse, h)
			requireTrailer(t, c, s.URL, "back") // httputil.ReverseProxy loses those of requests
		})
	}
}

// requireTrailer sends a trailer, and checks the answer's.
func requireTrailer(t *testing.T, c *http.Client, url, want string) {
	t.Helper()
	r := post(t, url, io.NopCloser(strings.NewReader("text")))
	r.Trailer = http.Header{"Sum": {"forth"}}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, res); got != "text" || res.Trailer.Get("Sum") != want {
		t.Errorf("got %q and trailer %v, want text and %q", got, res.Trailer, want)
	}
}

func TestACancelledRequestEndsEverywhere(t *testing.T) {
	t.Parallel()
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inUse gauge
			began, ended := make(chan struct{}), make(chan error, 1)
			s, c := proxied(t, start, &inUse, func(_ http.ResponseWriter, r *http.Request) {
				close(began)
				<-r.Context().Done()
				ended <- r.Context().Err()
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-began
				cancel()
			}()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := send(t, c.Do, r); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("the handler got %v, want context.Canceled", err)
			}
			s.Close()
			inUse.settle(t)
		})
	}
}

func TestResponseControllerWorks(t *testing.T) {
	t.Parallel()
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inUse gauge
			s, c := start(t, guarded(t, &inUse, func(w http.ResponseWriter, _ *http.Request) {
				rc := http.NewResponseController(w)
				soon := time.Now().Add(time.Minute)
				if err := errors.Join(rc.EnableFullDuplex(), rc.SetReadDeadline(soon), rc.SetWriteDeadline(soon), rc.Flush()); err != nil {
					t.Error(err)
				}
				if err := rc.SetWriteDeadline(time.Unix(1, 0)); err != nil {
					t.Error(err)
				}
				_, _ = io.WriteString(w, "too late")
			}))
			res := open(t, c, s.URL)
			if _, err := io.ReadAll(res.Body); err == nil {
				t.Error("a body came whole after its deadline")
			}
			_ = res.Body.Close()
		})
	}
}

func TestWebSocketsWorkThroughAProxy(t *testing.T) {
	t.Parallel()
	var inUse gauge
	left := make(chan struct{}, 2)
	s, c := proxied(t, func(t testing.TB, h http.Handler) (*httptest.Server, *http.Client) {
		t.Helper()
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { left <- struct{}{} }()
			h.ServeHTTP(w, r)
		}))
	}, &inUse, echo(t))
	talk(t, s, c, func() {
		if got := inUse.inUse.Load(); got != 1 {
			t.Errorf("%d in use while the socket is open, want 1", got)
		}
	})
	<-left // the upstream
	<-left // and the proxy
	if got := inUse.inUse.Load(); got != 0 {
		t.Errorf("%d in use when the socket is closed, want 0", got)
	}
}

func TestWebSocketsWorkThroughATransport(t *testing.T) {
	t.Parallel()
	var inUse gauge
	s, base := serve(t, guarded(t, &inUse, echo(t)))
	c := &http.Client{Transport: newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(&gauge{}, withValue))}
	talk(t, s, c, func() {})
}

// echo sends back what comes over a WebSocket, until the client closes it.
func echo(t *testing.T) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		for {
			kind, text, err := conn.Read(r.Context())
			if err != nil {
				if got := websocket.CloseStatus(err); got != websocket.StatusNormalClosure {
					t.Errorf("got %v, want a socket that was closed", err)
				}
				return
			}
			if err := conn.Write(r.Context(), kind, text); err != nil {
				t.Error(err)
				return
			}
		}
	}
}

// talk says something over a WebSocket, hears it back, and closes the socket.
func talk(t *testing.T, s *httptest.Server, c *http.Client, meanwhile func()) {
	t.Helper()
	conn, res, err := websocket.Dial(t.Context(), s.URL, &websocket.DialOptions{HTTPClient: c})
	if err != nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		defer func() { _ = res.Body.Close() }()
	}
	for i := range 10 {
		said := fmt.Sprint("message ", i)
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(said)); err != nil {
			t.Fatal(err)
		}
		if _, heard, err := conn.Read(t.Context()); err != nil || string(heard) != said {
			t.Fatalf("got %q and error %v, want %q", heard, err, said)
		}
	}
	meanwhile()
	if err := conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		t.Error(err)
	}
}

func TestABodyThatIsRefusedIsNotAskedFor(t *testing.T) {
	t.Parallel()
	const request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
	refusing := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(refusing(core.ErrClosed)))
	s, _ := serve(t, refusing.Wrap(ok))
	_, in := dial(t, s, request)
	if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 503 ") {
		t.Errorf("got %q and error %v, want a refusal before the body", line, err)
	}

	var inUse gauge
	s, _ = serve(t, guarded(t, &inUse, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	conn, in := dial(t, s, request)
	if line, err := in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q and error %v, want to be asked for the body", line, err)
	}
	_, _ = in.ReadString('\n')
	if _, err := io.WriteString(conn, "body"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, res); got != "body" {
		t.Errorf("got %q, want the body", got)
	}
}

func TestABodyIsSentAgainOnlyWhenItCanBeCopied(t *testing.T) {
	t.Parallel()
	twice := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		_ = task(ctx) // as after a failure
		return task(ctx)
	})
	for name, c := range map[string]struct {
		body func() io.Reader
		want int64
	}{
		"with GetBody": {func() io.Reader { return strings.NewReader("1\n") }, 2},
		"without":      {func() io.Reader { return io.NopCloser(strings.NewReader("1\n")) }, 1},
		"a stream":     {func() io.Reader { return flowhttp.NDJSONBody(t.Context(), streams.FromSlice([]int{1})) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var times atomic.Int64
			s, base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				times.Add(1)
				if n, err := flowhttp.NDJSON[int](r.Body).Count(r.Context()); n != 1 || err != nil {
					t.Errorf("got %d items and error %v, want 1", n, err)
				}
				w.WriteHeader(http.StatusServiceUnavailable)
			}))
			tr := newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(twice),
				flowhttp.WithRepeatable(func(*http.Request) bool { return true }))
			if _, err := send(t, tr.RoundTrip, post(t, s.URL, c.body())); err != nil {
				t.Fatal(err)
			}
			if got := times.Load(); got != c.want {
				t.Errorf("it was sent %d times, want %d", got, c.want)
			}
		})
	}
}
