package flowhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
)

// script is a transport that answers from a list, and notes when it was asked, and from which event on.
// After the list it says that there is no more.
type script struct {
	answers []step
	began   time.Time
	asked   []time.Duration
	from    []string
}

// step is an answer of a script.
type step struct {
	status      int
	kind, after string
	body        func(ctx context.Context) io.Reader
	err         error
	silent      bool // it comes never
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	n := len(s.asked)
	s.asked = append(s.asked, time.Since(s.began))
	s.from = append(s.from, r.Header.Get("Last-Event-ID"))
	if n >= len(s.answers) {
		return noEvents(http.StatusNoContent, "", "").answer(r)
	}
	return s.answers[n].answer(r)
}

func (s step) answer(r *http.Request) (*http.Response, error) {
	if s.silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if s.err != nil {
		return nil, s.err
	}
	h := http.Header{"Content-Type": {s.kind}}
	if s.after != "" {
		h.Set("Retry-After", s.after)
	}
	return &http.Response{StatusCode: s.status, Header: h, Body: io.NopCloser(s.body(r.Context())), Request: r}, nil
}

// noEvents is an answer without events.
func noEvents(code int, kind, after string) step {
	return step{status: code, kind: kind, after: after, body: func(context.Context) io.Reader { return http.NoBody }}
}

// events is an answer that ends.
func events(body string) step {
	return feed(func(context.Context) io.Reader { return strings.NewReader(body) })
}

func feed(body func(ctx context.Context) io.Reader) step {
	return step{status: http.StatusOK, kind: "text/event-stream; charset=utf-8", body: body}
}

var unreachable = step{err: errBoom}

// subscribe runs a script in a bubble.
func subscribe(t *testing.T, cfg flowhttp.SubscribeConfig, answers ...step) (*script, []string, error) {
	t.Helper()
	s := &script{answers: answers}
	var data []string
	var err error
	synctest.Test(t, func(t *testing.T) {
		s.began = time.Now()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://news.test/feed", http.NoBody)
		for e, failed := range flowhttp.Subscribe(&http.Client{Transport: s}, r, cfg).Seq(t.Context()) {
			if err = failed; err == nil {
				data = append(data, e.ID+":"+e.Data)
			}
		}
	})
	return s, data, err
}

// requireWaits checks how long before each attempt but the first: as long as wanted, and up to a quarter more.
func requireWaits(t *testing.T, s *script, want ...time.Duration) {
	t.Helper()
	if len(s.asked) != len(want)+1 {
		t.Fatalf("got %d attempts, want %d", len(s.asked), len(want)+1)
	}
	for i, w := range want {
		if got := s.asked[i+1] - s.asked[i]; got < w || got > w+w/4+1 {
			t.Errorf("attempt %d came after %v, want %v and up to a quarter more", i+2, got, w)
		}
	}
}

func TestSubscribeGoesOnFromTheLastEvent(t *testing.T) {
	t.Parallel()
	s, data, err := subscribe(t, flowhttp.SubscribeConfig{LastEventID: "0"},
		events("data: a\nid: 1\n\ndata: b\nid: 2\n\ndata: lost"),
		events("data: c\n\n"),
		events("id: 4\n\n"),
	)
	if want := []string{"1:a", "2:b", "2:c"}; err != nil || !slices.Equal(data, want) {
		t.Errorf("got %q and error %v, want %q", data, err, want)
	}
	if want := []string{"0", "2", "2", "4"}; !slices.Equal(s.from, want) {
		t.Errorf("asked from %q on, want %q", s.from, want)
	}
	requireWaits(t, s, 3*time.Second, 3*time.Second, 3*time.Second)
}

func TestSubscribeWaitsAsLongAsTheServerSays(t *testing.T) {
	t.Parallel()
	s, _, err := subscribe(t, flowhttp.SubscribeConfig{},
		events("retry: 100\ndata: a\n\n"),
		events("data: b\n\n"),
		events("retry: 10000000000000000\ndata: c\n\n"),
		events("retry: 200\n"),
	)
	if err != nil {
		t.Fatal(err)
	}
	requireWaits(t, s, 100*time.Millisecond, 100*time.Millisecond, time.Minute, 200*time.Millisecond)
}

func TestSubscribeWaitsLongerWithEachFailure(t *testing.T) {
	t.Parallel()
	s, data, err := subscribe(t, flowhttp.SubscribeConfig{Retry: time.Second, MaxRetry: 5 * time.Second},
		unreachable,
		noEvents(http.StatusBadGateway, "text/html", ""),
		noEvents(http.StatusTooManyRequests, "text/html", "3"),
		noEvents(http.StatusServiceUnavailable, "text/html", "3600"),
		events(": no event\n\n"),
		events("data: a\n\n"),
		unreachable,
	)
	if err != nil || !slices.Equal(data, []string{":a"}) {
		t.Errorf("got %q and error %v, want one event", data, err)
	}
	requireWaits(t, s, time.Second, 2*time.Second, 4*time.Second, 5*time.Second, 5*time.Second, time.Second, time.Second)
}

func TestSubscribeEndsWhenItMust(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg     flowhttp.SubscribeConfig
		answers []step
		says    string
		class   string
		times   int
	}{
		"an answer that is no": {
			flowhttp.SubscribeConfig{}, []step{noEvents(404, "text/html", "10")},
			`flowhttp: "news.test": no events: server answered 404 Not Found`, core.TypeInvalid, 1,
		},
		"an answer that is something else": {
			flowhttp.SubscribeConfig{}, []step{noEvents(200, "text/html", "")},
			`flowhttp: "news.test": no events: server answered with "text/html"`, core.TypeInvalid, 1,
		},
		"too many failures": {
			flowhttp.SubscribeConfig{MaxFailures: 3},
			slices.Repeat([]step{noEvents(503, "", "")}, 9),
			`flowhttp: "news.test": 3 attempts without an event: flowhttp: "news.test": no events: server answered 503`, core.TypeUnavailable, 3,
		},
		"too many rejections": {
			flowhttp.SubscribeConfig{MaxFailures: 1}, []step{noEvents(429, "", "1")},
			"server answered 429", core.TypeRateLimited, 1,
		},
		"an event that is too long": {
			flowhttp.SubscribeConfig{MaxBytes: 10}, []step{events("data: 1234567890\n\n")},
			"flowhttp: event longer than 10 bytes", core.TypeInvalid, 1,
		},
		"a config that is wrong": {
			flowhttp.SubscribeConfig{LastEventID: "a\nb", Retry: -1, MaxRetry: -1, MaxFailures: -1, IdleTimeout: -1, MaxBytes: -1}, nil,
			`flowhttp: "news.test": LastEventID must not have control characters, got "a\nb"; Retry must not be negative`, core.TypeInvalid, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, err := subscribe(t, c.cfg, c.answers...)
			if err == nil || !strings.Contains(err.Error(), c.says) || core.ErrorType(err) != c.class {
				t.Errorf("got %v of class %q, want one of class %q that says %q", err, core.ErrorType(err), c.class, c.says)
			}
			if len(s.asked) != c.times {
				t.Errorf("asked %d times, want %d", len(s.asked), c.times)
			}
		})
	}
}

func TestSubscribeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]step{
		"while it waits for the next attempt": unreachable,
		"while it waits for an event":         feed(hanging),
		"while it waits for an answer":        {silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(errBoom) })
				r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://news.test/", http.NoBody)
				c := &http.Client{Transport: &script{answers: []step{answer}}}
				began := time.Now()
				err := flowhttp.Subscribe(c, r, flowhttp.SubscribeConfig{}).Drain(ctx)
				if !errors.Is(err, errBoom) || time.Since(began) != time.Second {
					t.Errorf("got %v after %v, want the context's cause after 1s", err, time.Since(began))
				}
			})
		})
	}
}

// hanging is a body that brings nothing until its context ends.
func hanging(ctx context.Context) io.Reader {
	return readerFunc(func([]byte) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})
}

func TestSubscribeGivesUpAConnectionThatBringsNothing(t *testing.T) {
	t.Parallel()
	s, data, err := subscribe(t, flowhttp.SubscribeConfig{IdleTimeout: 10 * time.Second, Retry: time.Second, MaxFailures: 2},
		feed(func(ctx context.Context) io.Reader {
			beats := 0
			return readerFunc(func(p []byte) (int, error) {
				if beats++; beats > 10 {
					<-ctx.Done()
					return 0, ctx.Err()
				}
				<-time.After(9 * time.Second)
				return copy(p, ":\n"), nil
			})
		}),
		events("data: a\n\n"))
	if err != nil || len(data) != 1 {
		t.Errorf("got %q and error %v, want one event", data, err)
	}
	if got := s.asked[1]; got < 101*time.Second || got > 102*time.Second {
		t.Errorf("it came back after %v, want 10 comments, the timeout and the wait", got)
	}
}

func TestSubscribeSendsABodyAgainIfItCan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if bodies = append(bodies, string(body)); len(bodies) == 3 {
				return noEvents(http.StatusNoContent, "", "").answer(r)
			}
			return nil, fmt.Errorf("boom: %w", err)
		})}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://news.test/", strings.NewReader("query"))
		if err := flowhttp.Subscribe(c, r, flowhttp.SubscribeConfig{}).Drain(t.Context()); err != nil || !slices.Equal(bodies, []string{"query", "query", "query"}) {
			t.Errorf("sent %q, error %v; want the body three times", bodies, err)
		}
		r, _ = http.NewRequestWithContext(t.Context(), http.MethodPost, "http://news.test/", io.NopCloser(&bytes.Buffer{}))
		if err := flowhttp.Subscribe(c, r, flowhttp.SubscribeConfig{}).Drain(t.Context()); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("got %v, want an error that matches core.ErrInvalid", err)
		}
	})
}

func TestSubscribeSendsNoIDThatHTTPDoesNotAllow(t *testing.T) {
	t.Parallel()
	s, _, err := subscribe(t, flowhttp.SubscribeConfig{}, events("id: a\x01b\ndata: a\n\n"), events("id: \u00e4\ndata: b\n\n"))
	if want := []string{"", "", "\u00e4"}; err != nil || !slices.Equal(s.from, want) {
		t.Errorf("asked from %q on, error %v; want %q", s.from, err, want)
	}
}

func TestSubscribeFollowsARealServer(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 0
		if _, err := fmt.Sscan(r.Header.Get("Last-Event-ID"), &n); err == nil && n >= 30 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for range 10 {
			n++
			_, _ = fmt.Fprintf(w, "id: %d\nretry: 1\ndata: %d\n\n", n, n)
		}
		if n == 20 {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	}))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for e, err := range flowhttp.Subscribe(s.Client(), r, flowhttp.SubscribeConfig{}).Seq(t.Context()) {
		if n++; err != nil || e.Data != fmt.Sprint(n) {
			t.Fatalf("got %v and error %v, want %d", e, err, n)
		}
	}
	if n != 30 {
		t.Errorf("got %d events, want 30", n)
	}
}
