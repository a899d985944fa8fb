package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func noEnv(string) string { return "" }

// Two gateways are asked for everything, until the end.
func TestEachGatewayIsAskedForEverythingUntilTheEnd(t *testing.T) {
	t.Parallel()
	want := []string{"GET /hello", "GET /slow", "GET /flaky", "POST /broken"}
	var mu sync.Mutex
	asked := map[string]bool{} // "0 GET /hello"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var urls []string
	for _, name := range []string{"0", "1"} {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked[name+" "+r.Method+" "+r.URL.Path] = true
			if len(asked) == 2*len(want) {
				cancel()
			}
		}))
		defer server.Close()
		urls = append(urls, server.URL)
	}
	var stderr strings.Builder
	if code := run(ctx, []string{"-http", strings.Join(urls, ","), "-rate", "500"}, noEnv, &stderr); code != 0 {
		t.Errorf("exit code %d, and it says %q", code, stderr.String())
	}
	mu.Lock() // requests that were given up may be handled still
	defer mu.Unlock()
	for _, name := range []string{"0", "1"} {
		for _, w := range want {
			if !asked[name+" "+w] {
				t.Errorf("gateway %s was never asked %s", name, w)
			}
		}
	}
}

// A gateway that has gRPC alone is called, and nothing else is asked.
func TestCallsAloneAreMade(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		cancel()
		return nil
	}))
	var serving sync.WaitGroup
	defer serving.Wait()
	defer server.Stop()
	serving.Go(func() {
		if err := server.Serve(l); err != nil {
			t.Error(err)
		}
	})
	var stderr strings.Builder
	if code := run(ctx, []string{"-grpc", l.Addr().String(), "-rate", "500"}, noEnv, &stderr); code != 0 {
		t.Errorf("exit code %d, and it says %q", code, stderr.String())
	}
	if ctx.Err() == nil {
		t.Error("it ended before there was a call")
	}
}

func TestEachWrongSettingIsOneClearLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"no gateway":                 {want: "-http (or LOAD_HTTP): must be URLs"},
		"a gateway without scheme":   {env: map[string]string{"LOAD_HTTP": "gateway-1:8080"}, want: "gateway-1:8080"},
		"a rate that is none":        {args: []string{"-http", "http://a", "-rate", "fast"}, want: `"fast" for -rate (or LOAD_RATE): must be from 1 to 1000`},
		"a rate of nothing":          {args: []string{"-http", "http://a"}, env: map[string]string{"LOAD_RATE": "0"}, want: `"0" for -rate`},
		"a flag that does not exist": {args: []string{"-speed", "9"}, want: "-speed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr strings.Builder
			code := run(t.Context(), c.args, func(k string) string { return c.env[k] }, &stderr)
			if got := stderr.String(); code != 2 || !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("exit code %d, and it says %q, want 2 and one line with %q", code, got, c.want)
			}
		})
	}
}

func TestHelpTellsTheFlagsAndSucceeds(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	if code := run(t.Context(), []string{"-h"}, noEnv, &stderr); code != 0 || !strings.Contains(stderr.String(), "-grpc") {
		t.Errorf("exit code %d, and it says %q", code, stderr.String())
	}
}
