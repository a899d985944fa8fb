package flowhttp_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core/resilience"
)

// hedging sends a second request after some milliseconds, as often as it wants.
var hedging = resilience.HedgeConfig{After: 5 * time.Millisecond, Budget: -1}

// slowFirst answers all but the first request at once. The first one's handler ends when its client goes;
// gone tells.
func slowFirst(t *testing.T, first http.HandlerFunc) (url string, base http.RoundTripper, calls *atomic.Int64, gone chan struct{}) {
	t.Helper()
	calls, gone = new(atomic.Int64), make(chan struct{})
	s, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) > 1 {
			_, _ = io.WriteString(w, "second")
			return
		}
		first(w, r)
		<-r.Context().Done()
		close(gone)
	}))
	return s.URL, client.Transport, calls, gone
}

func TestALateReadIsSentTwiceAndTheLoserIsLetGo(t *testing.T) {
	t.Parallel()
	url, base, calls, gone := slowFirst(t, func(http.ResponseWriter, *http.Request) {})
	client := guardedClient(t, flowhttp.ClientConfig{Hedge: true, Hedging: hedging}, flowhttp.WithBase(base))
	if got := get(t, client.Client, url); got.status != 200 || got.body != "second" {
		t.Errorf("got %d %q, want the second answer", got.status, got.body)
	}
	<-gone // the first request's connection was closed
	if s := client.Hedge().Stats(); calls.Load() != 2 || s.Runs != 1 {
		t.Errorf("%d requests, %+v; want 2, one of them extra", calls.Load(), s)
	}
}

func TestAnAnswerThatComesTooLateIsClosed(t *testing.T) {
	t.Parallel()
	late := closing{make(chan struct{})}
	var sent atomic.Int64
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		if sent.Add(1) > 1 {
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		}
		<-r.Context().Done() // it has lost
		return &http.Response{StatusCode: http.StatusOK, Body: late, ContentLength: -1}, nil
	})
	client := guardedClient(t, flowhttp.ClientConfig{Hedge: true, Hedging: hedging}, flowhttp.WithBase(base))
	if res, err := send(t, client.Transport.RoundTrip, from("")); err != nil || res.status != 200 {
		t.Errorf("got %d, %v", res.status, err)
	}
	<-late.closed
}

// closing is a body without an end that tells when it is closed.
type closing struct{ closed chan struct{} }

func (c closing) Read([]byte) (int, error) { return 0, nil }
func (c closing) Close() error             { close(c.closed); return nil }

func TestOnlyReadsAreHedged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, body, upgrade string
		want                  int64
	}{
		"GET":             {http.MethodGet, "", "", 2},
		"HEAD":            {http.MethodHead, "", "", 2},
		"GET with a body": {http.MethodGet, "x", "", 1},
		"an upgrade":      {http.MethodGet, "", "echo", 1},
		"PUT":             {http.MethodPut, "x", "", 1},
		"POST":            {http.MethodPost, "", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			second := make(chan struct{})
			base := roundTripper(func(r *http.Request) (*http.Response, error) {
				switch sent.Add(1) {
				case 1:
					patience := 30 * time.Millisecond // six times what a hedge waits
					if c.want > 1 {
						patience = time.Minute // the hedge comes, however late
					}
					select {
					case <-second:
					case <-time.After(patience):
					}
				case 2:
					close(second)
				}
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
			})
			client := guardedClient(t, flowhttp.ClientConfig{Hedge: true, Hedging: hedging}, flowhttp.WithBase(base))
			var body io.Reader = http.NoBody
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			r, err := http.NewRequestWithContext(t.Context(), c.method, "http://payments.test", body)
			if err != nil {
				t.Fatal(err)
			}
			if c.upgrade != "" {
				r.Header.Set("Upgrade", c.upgrade)
			}
			if _, err := send(t, client.Do, r); err != nil || sent.Load() != c.want {
				t.Errorf("sent %d times, %v; want %d", sent.Load(), err, c.want)
			}
		})
	}
}

func TestAHedgeHasABudget(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	slow := roundTripper(func(*http.Request) (*http.Response, error) {
		sent.Add(1)
		<-time.After(10 * time.Millisecond)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	cfg := flowhttp.ClientConfig{Hedge: true, Hedging: resilience.HedgeConfig{After: time.Millisecond, Budget: 0.1, MinPerSecond: -1}}
	client := guardedClient(t, cfg, flowhttp.WithBase(slow))
	for range 50 {
		if _, err := send(t, client.Transport.RoundTrip, from("")); err != nil {
			t.Fatal(err)
		}
	}
	if s := client.Hedge().Stats(); s.Runs == 0 || s.Runs > 5 || sent.Load() > 55 {
		t.Errorf("%d requests for 50 calls, %+v; want a tenth more at most", sent.Load(), s)
	}
}

func TestAHedgeOfOnesOwn(t *testing.T) {
	t.Parallel()
	hedge, err := resilience.NewHedge("own", hedging)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hedge.Close)
	url, base, calls, gone := slowFirst(t, func(http.ResponseWriter, *http.Request) {})
	tr := newTransport(t, flowhttp.WithBase(base), flowhttp.WithHedge(hedge))
	if got := get(t, &http.Client{Transport: tr}, url).body; got != "second" || calls.Load() != 2 {
		t.Errorf("got %q after %d requests, want the second answer", got, calls.Load())
	}
	<-gone
}
