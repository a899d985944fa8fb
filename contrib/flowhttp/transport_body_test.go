package flowhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
)

func TestTimeoutPolicyDoesNotCutTheBody(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	s, base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first ")
		_ = http.NewResponseController(w).Flush()
		<-goOn
		_, _ = io.WriteString(w, "second")
	}))
	timeout := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		return task(ctx)
	})
	c := &http.Client{Transport: newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(timeout))}
	res := open(t, c, s.URL)
	defer func() { _ = res.Body.Close() }()
	close(goOn) // the policy has returned, and its context has ended
	if got := text(t, res); got != "first second" {
		t.Errorf("got %q", got)
	}
}

func TestContextsBoundAttempts(t *testing.T) {
	t.Parallel()
	s, base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}))
	cause := errors.New("too slow")
	impatient := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		ctx, cancel := context.WithTimeoutCause(ctx, time.Millisecond, cause)
		defer cancel()
		return task(ctx)
	})
	c := &http.Client{Transport: newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(impatient))}
	headers, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/headers", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, c.Transport.RoundTrip, headers); !errors.Is(err, cause) {
		t.Errorf("the policy's context ended, got %v", err)
	}
	c.Transport = newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(withValue))
	ctx, cancel := context.WithCancelCause(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/body", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	cancel(cause)
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the request's context ended, but its body was read without an error")
	}
	_ = res.Body.Close()
}

func TestSwitchedConnectionCanBeWrittenTo(t *testing.T) {
	t.Parallel()
	s, base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString(line)
		_ = rw.Flush()
	}))
	c := &http.Client{Transport: newTransport(t, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(withValue))}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	conn, writes := res.Body.(io.ReadWriteCloser)
	if !writes {
		t.Fatalf("a %T cannot be written to", res.Body)
	}
	_, _ = io.WriteString(conn, "hello\n")
	if got := text(t, res); got != "hello\n" {
		t.Errorf("got %q", got)
	}
}

func TestTransportWithoutPoliciesOnlyTraces(t *testing.T) {
	t.Parallel()
	s, base := serve(t, ok)
	if got := get(t, &http.Client{Transport: newTransport(t, flowhttp.WithBase(base.Transport))}, s.URL).body; got != "ok" {
		t.Errorf("got %q", got)
	}
}

func TestAnswerThatComesAsThePolicyGivesUpIsClosed(t *testing.T) {
	t.Parallel()
	cause := errors.New("gave up")
	var cancel context.CancelCauseFunc
	var body closes
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		cancel(cause)
		return &http.Response{StatusCode: http.StatusOK, Body: &body}, nil
	})
	policy := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		ctx, cancel = context.WithCancelCause(ctx)
		return task(ctx)
	})
	_, err := send(t, newTransport(t, flowhttp.WithBase(base), flowhttp.WithPolicies(policy)).RoundTrip, from(""))
	if !errors.Is(err, cause) || body.Load() == 0 {
		t.Errorf("got %v, body closed %d times", err, body.Load())
	}
}

func TestBodyThatCannotBeReadAgainIsAnError(t *testing.T) {
	t.Parallel()
	gone := errors.New("file is gone")
	r := from("")
	r.Body = &closes{}
	r.GetBody = func() (io.ReadCloser, error) { return nil, gone }
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusBadGateway, Body: http.NoBody}, nil
	})
	_, err := send(t, newTransport(t, flowhttp.WithBase(base), flowhttp.WithPolicies(retry(2))).RoundTrip, r)
	if !errors.Is(err, gone) {
		t.Errorf("got %v, want %v", err, gone)
	}
}

func TestWaitingForTheOnlyAttemptEndsWithItsContext(t *testing.T) {
	t.Parallel()
	cause := errors.New("gave up")
	sent, finish := make(chan struct{}), make(chan struct{})
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		close(sent)
		<-finish
		return nil, io.ErrUnexpectedEOF
	})
	hedge := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		first := make(chan error)
		go func() { first <- task(ctx) }()
		<-sent
		second, cancel := context.WithCancelCause(ctx)
		cancel(cause)
		err := task(second)
		close(finish)
		return errors.Join(err, <-first)
	})
	r := from("")
	r.Body = &closes{}
	_, err := send(t, newTransport(t, flowhttp.WithBase(base), flowhttp.WithPolicies(hedge)).RoundTrip, r)
	if !errors.Is(err, cause) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want both", err)
	}
}
