package flowhttp_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
)

// counting is a handler that counts its runs.
func counting(runs *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		runs.Add(1)
		ok(w, r)
	})
}

func TestHandlerRunsOnce(t *testing.T) {
	t.Parallel()
	var second error
	for name, policy := range map[string]core.PolicyFunc{
		"a policy that runs its task twice": func(ctx context.Context, task core.Task) error {
			_ = task(ctx)
			second = task(ctx)
			return second
		},
		"a policy that runs its task twice at once": func(ctx context.Context, task core.Task) error {
			results := make(chan error, 2)
			for range 2 {
				go func() { results <- task(ctx) }()
			}
			return errors.Join(<-results, <-results)
		},
	} {
		var runs atomic.Int64
		res := answer(newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(policy)).Wrap(counting(&runs)), from("192.0.2.1:1"))
		if res.status != 200 || runs.Load() != 1 {
			t.Errorf("%s: got %d after %d runs", name, res.status, runs.Load())
		}
	}
	const want = `flowhttp: "edge": a handler cannot run twice, or after its policies returned`
	if !errors.Is(second, core.ErrInvalid) || core.ErrorType(second) != core.TypeInvalid || second.Error() != want {
		t.Errorf("the second run gave %v", second)
	}
}

func TestHandlerDoesNotOutliveItsRequest(t *testing.T) {
	t.Parallel()
	started, finish := make(chan struct{}), make(chan struct{})
	var ended atomic.Bool
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-finish
		ok(w, r)
		ended.Store(true)
	})
	hasty := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		go func() { _ = task(ctx) }()
		<-started
		close(finish)
		return context.DeadlineExceeded
	})
	res := answer(newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(hasty)).Wrap(slow), from("192.0.2.1:1"))
	if !ended.Load() || res.status != 200 {
		t.Errorf("got %d, handler ended: %t; want its own answer", res.status, ended.Load())
	}
}

func TestHandlerDoesNotStartAfterItsRequest(t *testing.T) {
	t.Parallel()
	var late core.Task
	keeping := core.PolicyFunc(func(_ context.Context, task core.Task) error {
		late = task
		return nil
	})
	var runs atomic.Int64
	res := answer(newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(keeping)).Wrap(counting(&runs)), from("192.0.2.1:1"))
	if err := late(t.Context()); !errors.Is(err, core.ErrInvalid) || runs.Load() != 0 || res.status != 503 {
		t.Errorf("got %d, then %v after %d runs", res.status, err, runs.Load())
	}
}

func TestPanicReachesTheServerAfterDone(t *testing.T) {
	t.Parallel()
	for _, value := range []any{http.ErrAbortHandler, "boom"} {
		var inUse gauge
		h := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(&inUse, withValue)).Wrap(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) }))
		func() {
			defer func() {
				if got := recover(); got != value {
					t.Errorf("recovered %v, want %v", got, value)
				}
			}()
			answer(h, from("192.0.2.1:1"))
		}()
		if inUse.inUse.Load() != 0 || !errors.Is(inUse.outcome(t), core.ErrAborted) {
			t.Errorf("in use %d, told %v", inUse.inUse.Load(), inUse.outcome(t))
		}
	}
}

func TestAdmittersAreToldOfSuccessWhateverTheStatus(t *testing.T) {
	t.Parallel()
	var inUse gauge
	h := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(&inUse)).Wrap(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	if res := answer(h, from("192.0.2.1:1")); res.status != 502 || inUse.outcome(t) != nil {
		t.Errorf("got %d, told %v", res.status, inUse.outcome(t))
	}
}

type valueKey struct{}

// withValue is a policy that changes the context.
var withValue = core.PolicyFunc(func(ctx context.Context, task core.Task) error {
	return task(context.WithValue(ctx, valueKey{}, "value"))
})

func TestHandlerSeesThePoliciesContext(t *testing.T) {
	t.Parallel()
	var got any
	h := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(withValue)).Wrap(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Context().Value(valueKey{}) }))
	answer(h, from("192.0.2.1:1"))
	if got != "value" {
		t.Errorf("got %v, want the policy's value", got)
	}
}
