// Protect is an HTTP client that bounds, times, retries and breaks its calls to a service that fails
// every third time, and is down for a while.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
)

// newClient makes a client that never has more than 64 calls to payments under way, gives each 3 s
// with up to 3 attempts of 1 s, and stops calling while half of the attempts fail.
func newClient() (*http.Client, *resilience.Standard, error) {
	permits, err1 := limit.NewConcurrency("payments", limit.ConcurrencyConfig{Limit: 64})
	stack, err2 := resilience.NewStandard("payments", resilience.StandardConfig{
		Timeout: 3 * time.Second,
		Retry:   resilience.RetryConfig{BaseDelay: 20 * time.Millisecond, Budget: 0.5},
		Breaker: resilience.BreakerConfig{MinCalls: 10, OpenFor: 500 * time.Millisecond},
	})
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	transport, err := flowhttp.NewTransport("payments", flowhttp.TransportConfig{}, flowhttp.WithPolicies(permits, stack))
	return &http.Client{Transport: transport}, stack, err
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	var calls atomic.Int64
	var down atomic.Bool
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() || calls.Add(1)%3 == 0 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
		}
	}))
	defer service.Close()
	client, stack, err := newClient()
	if err != nil {
		return err
	}

	fmt.Println("shaky:", pay(client, service.URL, 20), "of 20 calls succeeded, breaker", stack.Breaker().State())
	down.Store(true)
	fmt.Println("down:", pay(client, service.URL, 20), "of 20 calls succeeded, breaker", stack.Breaker().State())
	down.Store(false)
	for stack.Breaker().State() != resilience.Closed {
		pay(client, service.URL, 1)
	}
	fmt.Println("back:", "breaker", stack.Breaker().State())
	return nil
}

// pay makes n calls and says how many succeeded.
func pay(client *http.Client, url string, n int) (ok int) {
	for range n {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
		if err != nil {
			log.Fatal(err)
		}
		resp, err := client.Do(req)
		if errors.Is(err, core.ErrRejected) {
			continue // the breaker is open: nothing was sent, and core.RetryAfter(err) says until when
		}
		if err != nil {
			log.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body) // to use the connection again
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			ok++
		}
	}
	return ok
}
