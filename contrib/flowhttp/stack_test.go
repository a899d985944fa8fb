package flowhttp_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func newStack(t *testing.T, cfg flowhttp.StackConfig, opts ...flowhttp.MiddlewareOption) *flowhttp.Stack {
	t.Helper()
	s, err := flowhttp.NewStack("api", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestStackLimitsEachClientAndAll(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]flowhttp.StackConfig{
		"a fixed bound":    {Concurrency: 1, MaxWaiters: -1},
		"an adaptive one":  {Concurrency: 1, MaxWaiters: -1, Adaptive: true},
		"one with waiters": {Concurrency: 1, MaxWaiters: 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg.Clients = limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 2}
			finish := make(chan struct{})
			s := newStack(t, cfg, flowhttp.WithImportance(func(*http.Request) limit.Importance { return limit.Sheddable }))
			h := s.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-finish }))
			first := make(chan reply, 1)
			go func() { first <- answer(h, from("192.0.2.1:1")) }()
			synctest.Wait()
			if got := s.Requests(); got.InUse != 1 || got.Burst != 1 {
				t.Errorf("%s: got %+v, want 1 of 1 in use", name, got)
			}
			for _, want := range []int{503, 429} {
				if got := answer(h, from("192.0.2.1:1")); got.status != want || got.header.Get("Retry-After") == "" {
					t.Errorf("%s: got %d, Retry-After %q, want %d", name, got.status, got.header.Get("Retry-After"), want)
				}
			}
			close(finish)
			if got := <-first; got.status != 200 || got.header.Get("RateLimit") == "" || s.Requests().InUse != 0 {
				t.Errorf("%s: got %d %v, %+v", name, got.status, got.header, s.Requests())
			}
			if got := s.Clients().Stats(); got.Allowed != 2 || got.Denied != 1 {
				t.Errorf("%s: clients %+v, want 2 allowed and 1 denied", name, got)
			}
		})
	}
}

func TestAdaptiveStackIsToldOfOverload(t *testing.T) {
	t.Parallel()
	for status, failed := range map[int]bool{200: false, 500: false, 429: true, 503: true, 504: true} {
		var told gauge
		s := newStack(t, flowhttp.StackConfig{Adaptive: true}, flowhttp.WithPolicies(&told))
		answer(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })), from("192.0.2.1:1"))
		if err := told.outcome(t); (err != nil) != failed {
			t.Errorf("%d: told %v", status, err)
		}
	}
}

func TestStackWithoutLimitsOnlyTraces(t *testing.T) {
	t.Parallel()
	s := newStack(t, flowhttp.StackConfig{})
	if got := answer(s.Wrap(ok), from("192.0.2.1:1")); got.status != 200 || s.Clients() != nil || s.Requests() != (limit.Stats{}) || s.Name() != "api" {
		t.Errorf("got %d", got.status)
	}
}

func TestNewStackNamesEveryFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  flowhttp.StackConfig
		want []string
	}{
		{
			flowhttp.StackConfig{
				Concurrency: -1,
				Middleware:  flowhttp.MiddlewareConfig{Headers: 9},
				Clients:     limit.KeyedConfig{Rate: limit.PerSecond(1), Burst: -1},
			},
			[]string{"Concurrency must not be negative", "Middleware: Headers must", "Clients: Burst must"},
		},
		{flowhttp.StackConfig{Concurrency: 1 << 40}, []string{"Limit must be at most"}},
		{flowhttp.StackConfig{Concurrency: 5000, Adaptive: true}, []string{"Initial must be"}},
	} {
		_, err := flowhttp.NewStack("api", c.cfg)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, core.ErrInvalid) {
				t.Errorf("got %v, want %q in it", err, want)
			}
		}
	}
	if _, err := flowhttp.NewStack("api", flowhttp.StackConfig{Concurrency: 1, Clients: limit.KeyedConfig{Rate: limit.PerSecond(1)}}, flowhttp.WithLimit(nil), flowhttp.WithKey(flowhttp.ClientKey())); err == nil {
		t.Error("a key without a limit is no error")
	}
}
