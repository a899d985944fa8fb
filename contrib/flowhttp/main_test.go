package flowhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeLimiter is a keyed limiter that always answers the same.
type fakeLimiter struct {
	decision limit.Decision
	err      error
}

func (l fakeLimiter) Take(context.Context, string, int) (limit.Decision, error) {
	return l.decision, l.err
}

// namedLimiter has a name as well.
type namedLimiter struct {
	fakeLimiter
	name string
}

func (l namedLimiter) Name() string { return l.name }

// gauge is an Admitter that counts what is in use, and remembers the last outcome.
type gauge struct {
	inUse atomic.Int64
	done  atomic.Int64
	last  atomic.Pointer[error]
}

func (g *gauge) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, g, task) }

func (g *gauge) Admit(context.Context) (core.Ticket, error) {
	g.inUse.Add(1)
	return core.Ticket{}, nil
}

func (g *gauge) Done(_ core.Ticket, err error) {
	g.last.Store(&err)
	g.done.Add(1)
	g.inUse.Add(-1)
}

func (g *gauge) outcome(t *testing.T) error {
	t.Helper()
	last := g.last.Load()
	if last == nil {
		t.Fatal("Done was not called")
	}
	return *last
}

// settle waits until nothing is in use. A server of HTTP/2 may be closed before its handlers have returned.
func (g *gauge) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); g.inUse.Load() != 0; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d in use, want 0", g.inUse.Load())
		}
	}
}

// refusing is a policy that never runs its task.
func refusing(err error) core.Policy {
	return core.PolicyFunc(func(context.Context, core.Task) error { return err })
}

func newMiddleware(t testing.TB, cfg flowhttp.MiddlewareConfig, opts ...flowhttp.MiddlewareOption) *flowhttp.Middleware {
	t.Helper()
	m, err := flowhttp.NewMiddleware("edge", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newKeyed(t testing.TB, name string, cfg limit.KeyedConfig, opts ...limit.Option) *limit.Keyed {
	t.Helper()
	l, err := limit.NewKeyed(name, cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func newPermits(t testing.TB, cfg limit.ConcurrencyConfig) *limit.Concurrency {
	t.Helper()
	c, err := limit.NewConcurrency("permits", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func newBreaker(t testing.TB) *resilience.Breaker {
	t.Helper()
	b, err := resilience.NewBreaker("handler", resilience.BreakerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// serve starts a server on a free loopback port, and gives a client with connections of its own.
func serve(t testing.TB, h http.Handler) (*httptest.Server, *http.Client) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, s.Client()
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends r with do, and reads the answer; that of an error is the zero reply.
func send(t testing.TB, do func(*http.Request) (*http.Response, error), r *http.Request) (reply, error) {
	t.Helper()
	res, err := do(r)
	if err != nil {
		if res != nil {
			t.Errorf("got an answer and the error %v", err)
		}
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	return reply{res.StatusCode, res.Header, text(t, res)}, nil
}

// get asks c for url, with header fields as name, value, name, value.
func get(t testing.TB, c *http.Client, url string, header ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := send(t, c.Do, r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// open asks c for url, and leaves the body to be read.
func open(t testing.TB, c *http.Client, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func text(t testing.TB, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// answer runs a handler without a server.
func answer(h http.Handler, r *http.Request) reply {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
