package checks_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/checks"
)

func TestHTTPIsUpBelowStatus500(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]health.Status{
		200: health.Up, 204: health.Up, 302: health.Up, 404: health.Up, 499: health.Up, 500: health.Down, 503: health.Down,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(status)
		}))
		check, err := checks.HTTP("upstream", server.URL+"/livez", checks.HTTPConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if err := check.Run(t.Context()); meaning(err) != want || check.Name != "upstream" {
			t.Errorf("status %d: %v, want %s", status, err, want)
		}
		server.Close()
	}
}

func TestHTTPIsDownWhenTheServerIs(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	check, err := checks.HTTP("upstream", server.URL, checks.HTTPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	err = check.Run(t.Context())
	if meaning(err) != health.Down || !strings.Contains(err.Error(), "get from 127.0.0.1:") {
		t.Errorf("got %v", err)
	}
}

// transport is a server without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestHTTPIsDegradedWhenTheAnswerIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var took time.Duration
		client := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			<-time.After(took)
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})}
		check, err := checks.HTTP("upstream", "http://upstream/", checks.HTTPConfig{Slow: time.Second, Client: client})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			took time.Duration
			want health.Status
		}{{0, health.Up}, {999 * time.Millisecond, health.Up}, {time.Second, health.Degraded}, {time.Minute, health.Degraded}} {
			took = c.took
			if err := check.Run(t.Context()); meaning(err) != c.want {
				t.Errorf("after %v: %v, want %s", c.took, err, c.want)
			}
		}
		if err := check.Run(t.Context()); err.Error() != "upstream answered after 1m0s, 1s is slow" {
			t.Errorf("got %v", err)
		}
	})
}

// body is one of so many bytes that notes what was read of it.
type body struct {
	left, read int
	err        error // at the end
	closed     bool
}

func (b *body) Read(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	b.read += n
	if b.left == 0 {
		return n, b.err
	}
	return n, nil
}

func (b *body) Close() error { b.closed = true; return nil }

func TestHTTPReadsABoundedPartOfTheBodyAndClosesIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body body
		read int
		want health.Status
	}{
		"short":           {body{left: 100, err: io.EOF}, 100, health.Up},
		"endless":         {body{left: 1 << 40}, 64 << 10, health.Up},
		"broken":          {body{left: 10, err: io.ErrUnexpectedEOF}, 10, health.Down},
		"broken too late": {body{left: 1 << 20, err: io.ErrUnexpectedEOF}, 64 << 10, health.Up},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: &c.body}, nil
			})}
			check, err := checks.HTTP("upstream", "http://upstream/", checks.HTTPConfig{Client: client})
			if err != nil {
				t.Fatal(err)
			}
			if err := check.Run(t.Context()); meaning(err) != c.want || c.body.read != c.read || !c.body.closed {
				t.Errorf("%v after %d bytes, closed %t; want %s after %d", err, c.body.read, c.body.closed, c.want, c.read)
			}
		})
	}
}

func TestHTTPShowsNoSecretsOfTheURL(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	broken := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })}
	check, err := checks.HTTP("upstream", "http://user:"+secret+"@upstream/"+secret+"?token="+secret, checks.HTTPConfig{Client: broken})
	if err != nil {
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); err == nil || err.Error() != "get from upstream: no route" {
		t.Errorf("got %v", err)
	}
	if _, err := checks.HTTP("upstream", "http//"+secret, checks.HTTPConfig{}); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
}

func TestHTTPEndsWithItsContext(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-held }))
	defer server.Close()
	defer close(held)
	check, err := checks.HTTP("upstream", server.URL, checks.HTTPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := check.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestHTTPRefusesABadConfig(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"", "upstream", "upstream:80", "ftp://upstream", "http://", "http://%zz"} {
		_, err := checks.HTTP("x", target, checks.HTTPConfig{})
		requireRefused(t, err, "target must be an http or https URL")
	}
	_, err := checks.HTTP("", "http://upstream", checks.HTTPConfig{Slow: -1})
	requireRefused(t, err, "name must not be empty")
	requireRefused(t, err, "Slow must not be negative, got -1ns")
}

func TestTCPIsUpWhileItCanConnect(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	check, err := checks.TCP("db", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); err != nil {
		t.Errorf("listening: %v", err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); meaning(err) != health.Down {
		t.Errorf("closed: %v", err)
	}
	_, err = checks.TCP("db", "localhost")
	requireRefused(t, err, `addr must be host:port, got "localhost"`)
}

func TestDegradeMakesFailuresMild(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, c := range []struct {
		err  error
		want health.Status
	}{{nil, health.Up}, {boom, health.Degraded}, {health.ErrDegraded, health.Degraded}} {
		err := checks.Degrade(func(context.Context) error { return c.err })(t.Context())
		if meaning(err) != c.want || !errors.Is(err, c.err) || err != nil && err.Error() != c.err.Error() {
			t.Errorf("%v became %v, want %s", c.err, err, c.want)
		}
	}
}

func TestStrictMakesDegradedDown(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, c := range []struct {
		err  error
		want health.Status
	}{{nil, health.Up}, {boom, health.Down}, {health.ErrDegraded, health.Down}, {health.Degradedf("half"), health.Down}} {
		err := checks.Strict(func(context.Context) error { return c.err })(t.Context())
		if meaning(err) != c.want || err != nil && err.Error() != c.err.Error() {
			t.Errorf("%v became %v, want %s", c.err, err, c.want)
		}
	}
}
