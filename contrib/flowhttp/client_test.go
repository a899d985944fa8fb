package flowhttp_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// quick is a stack that does not wait long between attempts, and has all the retries it wants.
var quick = resilience.StandardConfig{Retry: resilience.RetryConfig{BaseDelay: time.Microsecond, Budget: -1}}

func guardedClient(t testing.TB, cfg flowhttp.ClientConfig, opts ...flowhttp.TransportOption) *flowhttp.Client {
	t.Helper()
	c, err := flowhttp.NewClient("payments", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// way is how a transport answers: with a status, and with Retry-After when it is not "", or not at all.
type way struct {
	status int
	after  string
	err    error
}

// status answers.
func status(code int, after string) way { return way{status: code, after: after} }

// failing gives no answer.
func failing(err error) way { return way{err: err} }

// answering is a base transport that answers in turn, the last way for good, and counts.
type answering struct {
	ways []way
	sent atomic.Int64
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	n := int(a.sent.Add(1))
	w := a.ways[min(n, len(a.ways))-1]
	if w.err != nil {
		return nil, w.err
	}
	h := http.Header{}
	if w.after != "" {
		h.Set("Retry-After", w.after)
	}
	return &http.Response{StatusCode: w.status, Header: h, Body: http.NoBody}, nil
}

func TestOnlyWhatIsSafeIsSentAgain(t *testing.T) {
	t.Parallel()
	refusedDial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	copied := func() io.Reader { return strings.NewReader("payload") }
	once := func() io.Reader { return io.MultiReader(strings.NewReader("payload")) }
	down, cut := status(503, ""), failing(io.ErrUnexpectedEOF)
	for _, c := range []struct {
		name   string
		method string
		key    bool
		body   func() io.Reader
		first  way
		resend bool
		sent   int64
	}{
		{"GET", http.MethodGet, false, nil, down, false, 2},
		{"HEAD", http.MethodHead, false, nil, down, false, 2},
		{"OPTIONS", http.MethodOptions, false, nil, cut, false, 2},
		{"PUT", http.MethodPut, false, copied, cut, false, 2},
		{"DELETE", http.MethodDelete, false, nil, cut, false, 2},
		{"POST", http.MethodPost, false, copied, down, false, 1},
		{"POST whose connection broke", http.MethodPost, false, copied, cut, false, 1},
		{"PATCH without a body", http.MethodPatch, false, nil, down, false, 1},
		{"POST with a key", http.MethodPost, true, copied, down, false, 2},
		{"PUT whose body cannot be copied", http.MethodPut, false, once, down, false, 1},
		{"POST with a key whose body cannot be copied", http.MethodPost, true, once, down, false, 1},
		{"POST that had no connection", http.MethodPost, false, copied, failing(refusedDial), false, 2},
		{"POST that had no connection and whose body cannot be copied", http.MethodPost, false, once, failing(refusedDial), false, 1},
		{"POST told to come later", http.MethodPost, false, copied, status(429, "0"), false, 1},
		{"POST told to come later, when that is a promise", http.MethodPost, false, copied, status(429, ""), true, 2},
		{"POST refused until later, when that is a promise", http.MethodPost, false, copied, status(503, "0"), true, 2},
		{"POST refused for no reason, when a time is a promise", http.MethodPost, false, copied, down, true, 1},
		{"GET that is not implemented", http.MethodGet, false, nil, status(501, ""), false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			base := &answering{ways: []way{c.first, status(200, "")}}
			client := guardedClient(t, flowhttp.ClientConfig{Stack: quick, Transport: flowhttp.TransportConfig{ResendRefused: c.resend}}, flowhttp.WithBase(base))
			var body io.Reader = http.NoBody
			if c.body != nil {
				body = c.body()
			}
			r, err := http.NewRequestWithContext(t.Context(), c.method, "http://payments.test", body)
			if err != nil {
				t.Fatal(err)
			}
			if c.key {
				r.Header.Set("Idempotency-Key", "1")
			}
			res, err := send(t, client.Do, r)
			if got := base.sent.Load(); got != c.sent {
				t.Errorf("sent %d times, want %d", got, c.sent)
			}
			if again := c.sent > 1; again != (err == nil && res.status == 200) {
				t.Errorf("got %d, %v; sent again: %t", res.status, err, again)
			}
		})
	}
}

func TestWhatIsNotSentAgainFailsAsItIs(t *testing.T) {
	t.Parallel()
	cut := &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset")}
	client := guardedClient(t, flowhttp.ClientConfig{Stack: quick}, flowhttp.WithBase(&answering{ways: []way{failing(cut)}}))
	r := from("")
	r.Method = http.MethodPost
	_, err := send(t, client.Transport.RoundTrip, r)
	if err != error(cut) {
		t.Errorf("got %#v, want the transport's own error", err)
	}
	if s := client.Stack().Retry().Stats(); s.NotRetryable != 1 || s.Retries != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestRetryAfterIsWaitedForWhenTheCallHasTheTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		first    way
		timeout  time.Duration
		status   int
		low, top time.Duration
	}{
		{"in 2 s", status(503, "2"), 0, 200, 2 * time.Second, 2100 * time.Millisecond},
		{"429 in 7 s", status(429, "7"), 0, 200, 7 * time.Second, 7100 * time.Millisecond},
		{"later than the call may last", status(503, "30"), 0, 503, 0, 0},
		{"later than a shorter call may last", status(503, "3"), 2 * time.Second, 503, 0, 0},
		{"not said", status(503, ""), 0, 200, 0, 100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			base := &answering{ways: []way{c.first, status(200, "")}}
			client := guardedClient(t, flowhttp.ClientConfig{Stack: resilience.StandardConfig{Timeout: c.timeout}}, flowhttp.WithBase(base))
			start := time.Now()
			res, err := send(t, client.Transport.RoundTrip, from(""))
			if took := time.Since(start); err != nil || res.status != c.status || took < c.low || took > c.top {
				t.Errorf("%s: got %d, %v after %v; want %d after %v to %v", c.name, res.status, err, took, c.status, c.low, c.top)
			}
		})
	}
}

func TestAnOpenBreakerEndsACallAtOnce(t *testing.T) {
	t.Parallel()
	cfg := flowhttp.ClientConfig{Stack: quick}
	cfg.Stack.Breaker.Consecutive = 3
	base := &answering{ways: []way{status(500, "")}}
	client := guardedClient(t, cfg, flowhttp.WithBase(base))
	if res, err := send(t, client.Transport.RoundTrip, from("")); err != nil || res.status != 500 {
		t.Errorf("got %d, %v, want the last answer", res.status, err)
	}
	_, err := send(t, client.Transport.RoundTrip, from(""))
	if core.ErrorType(err) != core.TypeBreakerOpen || base.sent.Load() != 3 {
		t.Errorf("got %v after %d attempts, want an open breaker after 3", err, base.sent.Load())
	}
}

func TestAServerThatIsBusyIsThere(t *testing.T) {
	t.Parallel()
	cfg := flowhttp.ClientConfig{Stack: quick}
	cfg.Stack.Breaker.Consecutive = 1
	client := guardedClient(t, cfg, flowhttp.WithBase(&answering{ways: []way{status(429, "")}}))
	if _, err := send(t, client.Transport.RoundTrip, from("")); err != nil {
		t.Fatal(err)
	}
	if got := client.Stack().Breaker().State(); got != resilience.Closed {
		t.Errorf("the breaker is %v, want closed", got)
	}
}

func TestAClientBoundsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	entered, finish := make(chan struct{}), make(chan struct{})
	s, base := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-finish
	}))
	client := guardedClient(t, flowhttp.ClientConfig{Concurrency: 1}, flowhttp.WithBase(base.Transport))
	done := make(chan int, 1)
	go func() { done <- get(t, client.Client, s.URL).status }()
	<-entered
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, client.Do, r); !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull {
		t.Errorf("the second got %v, want a rejection", err)
	}
	close(finish)
	if got := <-done; got != 200 || client.Permits().Stats().InUse != 0 {
		t.Errorf("the first got %d, %d in use", got, client.Permits().Stats().InUse)
	}
}

func TestAClientConnectsByItsConfig(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 8<<10))
	}))
	rec := telemetrytest.New(t)
	client := guardedClient(t, flowhttp.ClientConfig{}, flowhttp.WithTelemetry(rec.Options()...))
	if got := get(t, client.Client, s.URL).status; got != 200 || client.Name() != "payments" || client.Hedge() != nil || client.Permits() != nil {
		t.Errorf("got %d", got)
	}
	rec.RequireCount("http.client.request.duration", 1)
	client.Close()
	client.Close()
	cfg := flowhttp.ClientConfig{Stack: quick, Connections: flowhttp.ConnectionsConfig{MaxHeaderBytes: 1024}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, guardedClient(t, cfg).Do, r); err == nil || !strings.Contains(err.Error(), "exceeded") {
		t.Errorf("a header above the bound gave %v", err)
	}
}

func TestNewClientNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := flowhttp.NewClient("payments", flowhttp.ClientConfig{
		Concurrency: -1,
		Stack:       resilience.StandardConfig{Timeout: -1},
		Hedging:     resilience.HedgeConfig{Max: -1},
		Transport:   flowhttp.TransportConfig{MaxDrain: -1},
		Connections: flowhttp.ConnectionsConfig{MaxPerHost: -1},
	})
	for _, want := range []string{
		`flowhttp: "payments": `, "Concurrency must", "Stack: Timeout must", "Hedging: Max must", "Transport: MaxDrain must", "Connections: MaxPerHost must",
	} {
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, core.ErrInvalid) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if _, err := flowhttp.NewClient("", flowhttp.ClientConfig{}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("without a name: got %v", err)
	}
	if err := (flowhttp.ClientConfig{Stack: resilience.StandardConfig{Timeout: 50 * time.Millisecond}}).Validate(); err != nil {
		t.Errorf("a short timeout: got %v", err)
	}
}
