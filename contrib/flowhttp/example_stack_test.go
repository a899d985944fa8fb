package flowhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
)

// A GET is sent again, a POST is not, unless it has a key by which the server knows it.
func ExampleNewClient() {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests++; requests%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()

	client, err := flowhttp.NewClient("payments", flowhttp.ClientConfig{
		Concurrency: 64,
		Stack: resilience.StandardConfig{
			Timeout: 3 * time.Second,
			Retry:   resilience.RetryConfig{BaseDelay: time.Millisecond},
		},
	})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	for _, c := range []struct{ method, key string }{{http.MethodGet, ""}, {http.MethodPost, ""}, {http.MethodPost, "4711"}} {
		requests = 0
		r, err := http.NewRequestWithContext(context.Background(), c.method, server.URL, strings.NewReader(""))
		if err != nil {
			panic(err)
		}
		if c.key != "" {
			r.Header.Set("Idempotency-Key", c.key)
		}
		res, err := client.Do(r)
		if err != nil {
			panic(err)
		}
		_ = res.Body.Close()
		fmt.Println(c.method, c.key, res.StatusCode, "after", requests, "requests")
	}
	// Output:
	// GET  200 after 2 requests
	// POST  503 after 1 requests
	// POST 4711 200 after 2 requests
}

// One request is served at a time. What can be left undone is refused when it would have to wait.
func ExampleNewStack() {
	stack, err := flowhttp.NewStack("api", flowhttp.StackConfig{
		Clients:     limit.KeyedConfig{Rate: limit.PerMinute(1), Burst: 10},
		Concurrency: 1,
	}, flowhttp.WithImportance(func(r *http.Request) limit.Importance {
		if r.URL.Path == "/suggestions" {
			return limit.Sheddable
		}
		return limit.Normal
	}))
	if err != nil {
		panic(err)
	}
	defer stack.Close()

	var h http.Handler
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody))
		return w
	}
	h = stack.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/order" {
			shed := ask("/suggestions") // comes while the order is being served
			fmt.Println(shed.Code, shed.Header().Get("Retry-After"))
		}
	}))
	fmt.Println(ask("/order").Code, ask("/suggestions").Code)
	// Output:
	// 503 1
	// 200 200
}

func ExampleHeaderImportance() {
	of := flowhttp.HeaderImportance(trusted...)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	r.Header.Set("Priority", "u=7")

	r.RemoteAddr = "192.0.2.1:4711" // a stranger
	fmt.Println(of(r))
	r.RemoteAddr = "10.0.0.1:4711" // a proxy of ours
	fmt.Println(of(r))
	// Output:
	// normal
	// sheddable
}

func ExampleRepeatable() {
	ctx := context.Background()
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost} {
		fmt.Println(method, flowhttp.Repeatable(httptest.NewRequestWithContext(ctx, method, "/", http.NoBody)))
	}
	// Output:
	// GET true
	// PUT true
	// POST false
}
