package flowhttp_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
)

const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

// held is a handler that tells when it was entered, and answers when it is let go.
type held struct {
	entered chan struct{}
	release chan struct{}
	free    sync.Once
}

func newHeld(t *testing.T) *held {
	t.Helper()
	h := &held{entered: make(chan struct{}, 8), release: make(chan struct{})}
	t.Cleanup(h.letGo)
	return h
}

func (h *held) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	select {
	case h.entered <- struct{}{}:
	default: // nobody counts so far
	}
	<-h.release
	_, _ = io.WriteString(w, "whole")
}

func (h *held) letGo() { h.free.Do(func() { close(h.release) }) }

// answered reads one response from a connection; last tells that it says "Connection: close".
func answered(t *testing.T, r io.Reader) (body string, last bool) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(r), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return text(t, res), res.Close
}

func TestServerStopIsSafeWithoutStartAndTwice(t *testing.T) {
	t.Parallel()
	s := newServer(t, flowhttp.ServerConfig{}, ok)
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Errorf("Stop without Start: %v", err)
		}
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
}

func TestServerStopFinishesRequestsInFlightAndRefusesNewConnections(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	s, _ := started(t, flowhttp.ServerConfig{Farewell: time.Hour}, h)
	c := connect(t, s, request)
	<-h.entered
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop(t.Context()) }()
	refused(t, s)
	select {
	case err := <-stopped:
		t.Fatalf("Stop = %v with a request in flight", err)
	default:
	}
	h.letGo()
	for { // it was not told to be the last request, so another may come
		body, last := answered(t, c)
		if body != "whole" {
			t.Errorf("the answer is %q, want it whole", body)
		}
		if last {
			break
		}
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func TestServerSaysGoodbyeOnConnectionsKeptAlive(t *testing.T) {
	t.Parallel()
	s, _ := started(t, flowhttp.ServerConfig{Farewell: time.Hour}, ok)
	c := connect(t, s, request)
	if _, last := answered(t, c); last {
		t.Error("the connection is closed before Stop")
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop(t.Context()) }()
	refused(t, s)
	for { // until Stop has come to the farewell
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		body, last := answered(t, c)
		if body != "ok" {
			t.Fatalf("body = %q", body)
		}
		if last {
			break
		}
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func TestServerStopIsQuickWhenNoConnectionIsAtARequest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // below the 5 s of http.Server.Shutdown
	defer cancel()
	t.Run("without connections it does not wait for the farewell", func(t *testing.T) {
		s, _ := started(t, flowhttp.ServerConfig{Farewell: time.Hour}, ok)
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Run("idle connections, and those that never sent a byte, are closed after it", func(t *testing.T) {
		s, url := started(t, flowhttp.ServerConfig{Farewell: 20 * time.Millisecond}, ok)
		get(t, newClient(t), url)
		silent := connect(t, s, "")
		get(t, newClient(t), url) // so that the server has accepted the silent one
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
		if _, err := silent.Read(make([]byte, 1)); err == nil {
			t.Error("the silent connection is still open")
		}
	})
}

func TestServerStopCutsOffWhatHangsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.Handle("/idle", ok)
	s, url := started(t, flowhttp.ServerConfig{Farewell: time.Millisecond}, mux)
	first, second := connect(t, s, request), connect(t, s, request)
	<-h.entered
	<-h.entered
	get(t, newClient(t), url+"/idle")
	connect(t, s, "")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := s.Stop(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `server "api": 2 connections cut off`) {
		t.Errorf("Stop = %v, want 2 connections cut off by the deadline", err)
	}
	for _, c := range []io.Reader{first, second} {
		if answer, _ := io.ReadAll(c); len(answer) > 0 {
			t.Errorf("answer = %q, want none", answer)
		}
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop again = %v", err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Errorf("Start after connections were cut off: %v", err)
	}
}

func TestServerStopsAtATimeEachHonourTheirContext(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	s, _ := started(t, flowhttp.ServerConfig{}, h)
	connect(t, s, request)
	<-h.entered
	patient := make(chan error, 8)
	for range cap(patient) {
		go func() { patient <- s.Stop(t.Context()) }()
	}
	refused(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the Stop in a hurry = %v, want its deadline", err)
	}
	for range cap(patient) {
		if err := <-patient; err != nil {
			t.Errorf("Stop = %v", err)
		}
	}
}

func TestServerLeavesHijackedConnectionsAlone(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	s, _ := started(t, flowhttp.ServerConfig{Farewell: time.Hour}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = c.Close() }()
		close(entered)
		_, _ = io.Copy(c, c)
	}))
	c := connect(t, s, request)
	<-entered
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop = %v, want it not to wait for the hijacked connection", err)
	}
	if _, err := io.WriteString(c, "echo"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len("echo"))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "echo" {
		t.Errorf("read %q, %v on the hijacked connection", got, err)
	}
}
