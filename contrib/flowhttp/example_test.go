package flowhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func ExampleNewMiddleware() {
	clients, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerMinute(1), Burst: 2})
	if err != nil {
		panic(err)
	}
	defer clients.Close()
	edge, err := flowhttp.NewMiddleware("edge", flowhttp.MiddlewareConfig{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}, flowhttp.WithLimit(clients))
	if err != nil {
		panic(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello %s", r.PathValue("name"))
	})
	server := httptest.NewServer(edge.Wrap(mux))
	defer server.Close()

	for range 3 {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+"/hello/world", http.NoBody)
		if err != nil {
			panic(err)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			panic(err)
		}
		_ = res.Body.Close()
		h := res.Header
		fmt.Printf("%d %s %s [%s]\n", res.StatusCode, h.Get("RateLimit-Policy"), h.Get("RateLimit"), h.Get("Retry-After"))
	}
	// Output:
	// 200 "clients";q=2;w=120 "clients";r=1;t=60 []
	// 200 "clients";q=2;w=120 "clients";r=0;t=60 []
	// 429 "clients";q=2;w=120 "clients";r=0;t=60 [60]
}

func ExampleNewTransport() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "paid")
	}))
	defer server.Close()

	bucket, err := limit.NewTokenBucket("payments", limit.TokenBucketConfig{Rate: limit.PerHour(1)})
	if err != nil {
		panic(err)
	}
	defer bucket.Close()
	transport, err := flowhttp.NewTransport("payments", flowhttp.TransportConfig{}, flowhttp.WithPolicies(limit.Reject(bucket)))
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()

	for range 2 {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL, http.NoBody)
		if err != nil {
			panic(err)
		}
		res, err := client.Do(r)
		if errors.Is(err, core.ErrRejected) {
			fmt.Println(core.ErrorType(err))
			continue
		}
		if err != nil {
			panic(err)
		}
		_ = res.Body.Close()
		fmt.Println(res.Status)
	}
	// Output:
	// 200 OK
	// rate_limited
}

func ExampleClientKey() {
	key := flowhttp.ClientKey(netip.MustParsePrefix("10.0.0.0/8"))
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)

	r.RemoteAddr = "192.0.2.1:4711"
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	fmt.Println(key(r)) // a stranger's word

	r.RemoteAddr = "10.0.0.1:4711"
	fmt.Println(key(r)) // a proxy's

	r.RemoteAddr = "[2001:db8:1:2::3]:4711"
	fmt.Println(key(r))
	// Output:
	// 192.0.2.1
	// 198.51.100.7
	// 2001:db8:1:2::/64
}
