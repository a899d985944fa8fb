package flowhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
)

const loopback = "127.0.0.1:0"

func newServer(t *testing.T, cfg flowhttp.ServerConfig, h http.Handler) *flowhttp.Server {
	t.Helper()
	if cfg.Addr == "" {
		cfg.Addr = loopback
	}
	s, err := flowhttp.NewServer("api", cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("Stop at the test's end: %v", err)
		}
	})
	return s
}

// started gives a server that serves h, and its address as a URL.
func started(t *testing.T, cfg flowhttp.ServerConfig, h http.Handler) (*flowhttp.Server, string) {
	t.Helper()
	s := newServer(t, cfg, h)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, "http://" + s.Addr().String()
}

// newClient makes a client with connections of its own.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// connect opens a connection to the server, and sends text on it.
func connect(t *testing.T, s *flowhttp.Server, text string) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// refused waits until the server takes no new connection.
func refused(t *testing.T, s *flowhttp.Server) {
	t.Helper()
	var d net.Dialer
	for {
		c, err := d.DialContext(t.Context(), "tcp", s.Addr().String())
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			return
		case err == nil:
			_ = c.Close()
		case !errors.Is(err, syscall.ECONNRESET): // still in the kernel's queue when the listener closed
			t.Fatal(err)
		}
	}
}

func TestServerConfigValidateNamesEveryField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  flowhttp.ServerConfig
		want []string // the fields at fault
	}{
		"an address alone is enough":        {flowhttp.ServerConfig{Addr: loopback}, nil},
		"an address may leave out the host": {flowhttp.ServerConfig{Addr: ":8080"}, nil},
		"a port may be a service's name":    {flowhttp.ServerConfig{Addr: "localhost:http"}, nil},
		"an IPv6 address has brackets":      {flowhttp.ServerConfig{Addr: "[::1]:8080"}, nil},
		"the address is required":           {flowhttp.ServerConfig{}, []string{"Addr"}},
		"an address needs a port":           {flowhttp.ServerConfig{Addr: "localhost"}, []string{"Addr"}},
		"a port has 16 bits":                {flowhttp.ServerConfig{Addr: "localhost:65536"}, []string{"Addr"}},
		"nothing may be negative": {
			flowhttp.ServerConfig{Addr: loopback, ReadHeaderTimeout: -1, IdleTimeout: -1, MaxHeaderBytes: -1, Farewell: -1},
			[]string{"ReadHeaderTimeout", "IdleTimeout", "MaxHeaderBytes", "Farewell"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.cfg.Validate()
			if (err == nil) != (c.want == nil) {
				t.Fatalf("Validate = %v, want faults in %q", err, c.want)
			}
			if err != nil && !errors.Is(err, core.ErrInvalid) {
				t.Errorf("%v does not match core.ErrInvalid", err)
			}
			for _, field := range c.want {
				if !strings.Contains(err.Error(), field+" must") {
					t.Errorf("%q does not name %s", err, field)
				}
			}
		})
	}
}

func TestNewServerNamesAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := flowhttp.NewServer("api", flowhttp.ServerConfig{Farewell: -1}, nil)
	if !errors.Is(err, core.ErrInvalid) {
		t.Fatalf("err = %v, want an invalid config", err)
	}
	for _, part := range []string{`flowhttp: "api": `, "Addr must", "Farewell must", "handler must not be nil"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not contain %q", err, part)
		}
	}
}

func TestServerServesFromStartToStopAndAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, flowhttp.ServerConfig{}, ok)
	if s.Addr() != nil {
		t.Errorf("Addr before Start = %v", s.Addr())
	}
	client := newClient(t)
	for range 3 {
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if body := get(t, client, "http://"+s.Addr().String()).body; body != "ok" {
			t.Errorf("body = %q", body)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		refused(t, s)
	}
}

func TestServerStartTwiceIsAnError(t *testing.T) {
	t.Parallel()
	s, url := started(t, flowhttp.ServerConfig{}, ok)
	addr := s.Addr()
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), `server "api" is already started`) {
		t.Errorf("second Start = %v", err)
	}
	if s.Addr() != addr {
		t.Errorf("Addr = %v, want %v still", s.Addr(), addr)
	}
	get(t, newClient(t), url)
}

func TestServerStartNamesAnAddressInUse(t *testing.T) {
	t.Parallel()
	first, _ := started(t, flowhttp.ServerConfig{}, ok)
	s := newServer(t, flowhttp.ServerConfig{Addr: first.Addr().String()}, ok)
	err := s.Start(t.Context())
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("Start = %v, want address in use", err)
	}
	for _, part := range []string{`flowhttp: server "api"`, first.Addr().String()} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not contain %q", err, part)
		}
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused(t, first)
	if err := s.Start(t.Context()); err != nil {
		t.Errorf("Start once the address is free: %v", err)
	}
}

type contextKey struct{}

func TestServerGivesRequestsTheValuesOfStartsContextButNotItsEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t, flowhttp.ServerConfig{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%v %v", r.Context().Value(contextKey{}), r.Context().Err())
	}))
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "value"))
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if body := get(t, newClient(t), "http://"+s.Addr().String()).body; body != "value <nil>" {
		t.Errorf("body = %q", body)
	}
}

func TestServerLabelsItsGoroutines(t *testing.T) {
	t.Parallel()
	s, err := flowhttp.NewServer("labelled", flowhttp.ServerConfig{Addr: loopback},
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = pprof.Lookup("goroutine").WriteTo(w, 1) }))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := newClient(t)
	profile := get(t, client, "http://"+s.Addr().String()).body
	if !strings.Contains(profile, `"goflow.name":"labelled"`) {
		t.Error("no goroutine has the label goflow.name=labelled")
	}
	client.CloseIdleConnections()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestServerTellsThatServingFailedOnceAndCanStartAgain(t *testing.T) {
	t.Parallel()
	s, _ := started(t, flowhttp.ServerConfig{}, ok)
	if err := s.BreakListener(); err != nil {
		t.Fatal(err)
	}
	if err := <-s.Failed(); !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), `flowhttp: server "api": `) {
		t.Errorf("Failed gave %v", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop after the failure: %v", err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.Failed():
		t.Errorf("Failed gave %v, after a Stop", err)
	default:
	}
}

func TestServerForgetsAFailureNobodyAskedFor(t *testing.T) {
	t.Parallel()
	s, _ := started(t, flowhttp.ServerConfig{}, ok)
	for range 2 {
		if err := s.BreakListener(); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-s.Failed():
		t.Errorf("Failed gave %v of an earlier start", err)
	default:
	}
}

func TestServerCutsOffAClientThatIsSlowToSendItsHeader(t *testing.T) {
	t.Parallel()
	s, _ := started(t, flowhttp.ServerConfig{ReadHeaderTimeout: 20 * time.Millisecond}, ok)
	c := connect(t, s, "GET / HTTP/1.1\r\nHost: x\r\n")
	answer, err := io.ReadAll(c)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) { // of what came too late to be read
		t.Fatal(err)
	}
	if bytes.Contains(answer, []byte("200 OK")) {
		t.Errorf("answer = %q, want the connection closed", answer)
	}
}
