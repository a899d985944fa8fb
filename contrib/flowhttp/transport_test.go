package flowhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func newTransport(t testing.TB, opts ...flowhttp.TransportOption) *flowhttp.Transport {
	t.Helper()
	tr, err := flowhttp.NewTransport("upstream", flowhttp.TransportConfig{}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// retry runs its task up to n times, at once.
func retry(n int) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) (err error) {
		for range n {
			if err = task(ctx); err == nil {
				return nil
			}
		}
		return fmt.Errorf("gave up: %w", err)
	})
}

// anyRequest may be sent again.
var anyRequest = flowhttp.WithRepeatable(func(*http.Request) bool { return true })

// upstream is a server that answers with statuses in turn, the last one for good, and its client.
type upstream struct {
	*httptest.Server
	client *http.Client
	conns  atomic.Int64 // connections opened

	mu     sync.Mutex
	bodies []string
}

func newUpstream(t *testing.T, policy core.Policy, statuses ...int) *upstream {
	t.Helper()
	u := &upstream{}
	u.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u.mu.Lock()
		u.bodies = append(u.bodies, string(body))
		n := len(u.bodies)
		u.mu.Unlock()
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(statuses[min(n, len(statuses))-1])
		_, _ = fmt.Fprintf(w, "answer %d", n)
	}))
	u.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			u.conns.Add(1)
		}
	}
	u.Start()
	t.Cleanup(u.Close)
	u.client = &http.Client{Transport: newTransport(t,
		flowhttp.WithBase(u.Client().Transport), flowhttp.WithPolicies(policy), anyRequest)}
	return u
}

func (u *upstream) post(t *testing.T, body io.Reader) (reply, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, u.client.Do, r)
}

func TestRetriedRequestsSendTheBodyAfresh(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, retry(5), 503, 500, 429, 200)
	res, err := u.post(t, strings.NewReader("payload"))
	if err != nil {
		t.Fatal(err)
	}
	if res.status != 200 || res.body != "answer 4" {
		t.Errorf("got %d %q, want the fourth answer", res.status, res.body)
	}
	if got := strings.Join(u.bodies, " "); got != "payload payload payload payload" {
		t.Errorf("sent %s", got)
	}
	if got := u.conns.Load(); got != 1 {
		t.Errorf("%d connections, want 1: abandoned answers were not drained", got)
	}
}

func TestLastFailingAnswerIsReturned(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, retry(3), 503)
	res, err := u.post(t, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if res.status != 503 || res.body != "answer 3" {
		t.Errorf("got %d %q, want the third answer", res.status, res.body)
	}
}

func TestBodyThatCannotBeCopiedIsSentOnce(t *testing.T) {
	t.Parallel()
	atOnce := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		results := make(chan error, 2)
		for range 2 {
			go func() { results <- task(ctx) }()
		}
		first, second := <-results, <-results
		if !errors.Is(first, second) {
			t.Errorf("told %v and %v", first, second)
		}
		return second
	})
	for name, policy := range map[string]core.Policy{"in turn": retry(3), "at once": atOnce} {
		u := newUpstream(t, policy, 503, 200)
		res, err := u.post(t, io.MultiReader(strings.NewReader("payload")))
		if err != nil {
			t.Fatal(err)
		}
		if res.status != 503 || res.body != "answer 1" || len(u.bodies) != 1 {
			t.Errorf("%s: got %d %q after sending %q, want the first answer", name, res.status, res.body, u.bodies)
		}
	}
}

func TestPoliciesAreToldOfFailingAnswers(t *testing.T) {
	t.Parallel()
	for status, class := range map[int]string{
		200: "", 301: "", 404: "", 429: core.TypeRateLimited, 500: core.TypeUnavailable, 503: core.TypeUnavailable, 504: core.TypeTimeout,
	} {
		var g gauge
		u := newUpstream(t, &g, status)
		res, err := u.post(t, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		told := g.outcome(t)
		if res.status != status || core.ErrorType(told) != class {
			t.Errorf("%d: got %d, told %v, want class %q", status, res.status, told, class)
		}
		if class == "" {
			continue
		}
		failed, typed := errors.AsType[*flowhttp.StatusError](told)
		if after, known := core.RetryAfter(told); !typed || failed.Status != status || !known || after != 5*time.Second {
			t.Errorf("%d: told %#v, retry after %v", status, told, after)
		}
	}
}

func TestRetryAfterOfAnswers(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]time.Duration{
		"": -1, "soon": -1, "-3": -1, "1.5": -1, "99999999999999": -1,
		"0": 0, "7": 7 * time.Second, "2000000000": 24 * time.Hour,
		"Mon, 02 Jan 2006 15:04:05 GMT": 0, "Fri, 31 Dec 9999 23:59:59 GMT": 24 * time.Hour,
	} {
		var g gauge
		base := roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {field}}, Body: http.NoBody}, nil
		})
		if _, err := send(t, newTransport(t, flowhttp.WithBase(base), flowhttp.WithPolicies(&g)).RoundTrip, from("")); err != nil {
			t.Fatal(err)
		}
		after, known := core.RetryAfter(g.outcome(t))
		if known != (want >= 0) || known && after != want {
			t.Errorf("%q: got %v, %t, want %v", field, after, known, want)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRejectionsReachTheCallerThroughTheClient(t *testing.T) {
	t.Parallel()
	bucket, err := limit.NewTokenBucket("upstream", limit.TokenBucketConfig{Rate: limit.PerHour(1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bucket.Close)
	u := newUpstream(t, core.Compose(retry(2), limit.Reject(bucket)), 503)
	var closed closes
	_, err = u.post(t, &closed)
	_, viaClient := errors.AsType[*url.Error](err)
	rejected, typed := errors.AsType[*limit.RejectedError](err)
	if !viaClient || !errors.Is(err, core.ErrRejected) || !typed || rejected.Limiter != "upstream" {
		t.Errorf("got %v", err)
	}
	if after, known := core.RetryAfter(err); !known || after < 59*time.Minute {
		t.Errorf("retry after %v, %t", after, known)
	}
	if closed.Load() == 0 {
		t.Error("the request's body was not closed")
	}
}

// closes is a body that counts how often it was closed.
type closes struct{ atomic.Int64 }

func (*closes) Read([]byte) (int, error) { return 0, io.EOF }
func (c *closes) Close() error           { c.Add(1); return nil }

func TestRequestThatWasNotSentIsAnError(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	swallow := core.PolicyFunc(func(ctx context.Context, task core.Task) error { _ = task(ctx); return nil })
	var late core.Task
	keeping := core.PolicyFunc(func(_ context.Context, task core.Task) error { late = task; return nil })
	failing := roundTripper(func(*http.Request) (*http.Response, error) { return nil, refused })
	for _, c := range []struct {
		name   string
		policy core.Policy
		want   error
		closed int64 // by us: what was sent is the base transport's to close
	}{
		{"a policy skipped it", keeping, core.ErrInvalid, 1},
		{"a policy hid the transport's error", swallow, refused, 0},
		{"the transport failed", retry(2), refused, 0},
		{"a policy refused", refusing(core.ErrClosed), core.ErrClosed, 1},
	} {
		var body closes
		r := from("")
		r.Body = &body
		_, err := send(t, newTransport(t, flowhttp.WithBase(failing), flowhttp.WithPolicies(c.policy)).RoundTrip, r)
		if !errors.Is(err, c.want) || body.Load() != c.closed {
			t.Errorf("%s: got %v, body closed %d times; want %v", c.name, err, body.Load(), c.want)
		}
	}
	if err := late(t.Context()); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("a run after the request gave %v", err)
	}
}

func TestHedgeKeepsOneAnswer(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		results := make(chan error, 4)
		for range 4 {
			go func() { results <- task(ctx) }()
		}
		var err error
		for range 4 {
			err = errors.Join(err, <-results)
		}
		return err
	}), 200)
	res, err := u.post(t, strings.NewReader("payload"))
	if err != nil {
		t.Fatal(err)
	}
	if res.status != 200 || !strings.HasPrefix(res.body, "answer") || len(u.bodies) != 4 {
		t.Errorf("got %d %q after %d attempts", res.status, res.body, len(u.bodies))
	}
}

func TestSuccessIsKeptOverALaterFailure(t *testing.T) {
	t.Parallel()
	again := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		err := task(ctx)
		_ = task(ctx)
		return err
	})
	res, err := newUpstream(t, again, 200, 503).post(t, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if res.status != 200 || res.body != "answer 1" {
		t.Errorf("got %d %q, want the first answer", res.status, res.body)
	}
}

func TestAbandonedAnswerWithoutEndIsClosed(t *testing.T) {
	t.Parallel()
	var calls, gone atomic.Int64
	s, base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) > 1 {
			return
		}
		w.WriteHeader(http.StatusBadGateway)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		gone.Add(1)
	}))
	c := &http.Client{Transport: newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(retry(2)))}
	if got := get(t, c, s.URL).status; got != 200 {
		t.Errorf("got %d", got)
	}
	s.Close() // returns when the first handler has seen its client go
	if gone.Load() != 1 {
		t.Error("the first answer was not abandoned")
	}
}

func TestNewTransportNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := flowhttp.NewTransport("", flowhttp.TransportConfig{MaxDrain: -1}, nil)
	want := `flowhttp: "": name must not be empty, got ""; MaxDrain must not be negative, got -1`
	if err == nil || err.Error() != want || !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestCloseIdleConnectionsPassesThrough(t *testing.T) {
	t.Parallel()
	var base idle
	tr := newTransport(t, flowhttp.WithBase(&base), nil)
	(&http.Client{Transport: tr}).CloseIdleConnections()
	newTransport(t, flowhttp.WithBase(roundTripper(nil))).CloseIdleConnections()
	if !base.closed || tr.Name() != "upstream" {
		t.Errorf("closed: %t, name %q", base.closed, tr.Name())
	}
}

type idle struct {
	http.RoundTripper
	closed bool
}

func (i *idle) CloseIdleConnections() { i.closed = true }
