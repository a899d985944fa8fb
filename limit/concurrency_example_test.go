package limit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// A bulkhead: at most two queries run at the same time, what is above that is rejected at once.
func ExampleNewConcurrency() {
	ctx := context.Background()
	queries, err := limit.NewConcurrency("db", limit.ConcurrencyConfig{Limit: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer queries.Close()

	nothing := func(context.Context) error { return nil }
	err = queries.Do(ctx, func(ctx context.Context) error {
		return queries.Do(ctx, func(ctx context.Context) error {
			return queries.Do(ctx, nothing)
		})
	})
	fmt.Println(err)
	fmt.Println(queries.Do(ctx, nothing))
	// Output:
	// limit: "db" rejected: too few of 2 permits are free
	// <nil>
}

func ExampleConcurrency_Acquire() {
	ctx := context.Background()
	memory, err := limit.NewConcurrency("megabytes", limit.ConcurrencyConfig{Limit: 512})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer memory.Close()

	for _, need := range []int{100, 400, 600} {
		if err := memory.Acquire(ctx, need); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(memory.Stats().InUse, "in use")
		memory.Release(need)
	}
	// Output:
	// 100 in use
	// 400 in use
	// limit: "megabytes": 600 permits asked for, at most 512 can be had
}

func ExampleWithPriority() {
	ctx := context.Background()
	c, err := limit.NewConcurrency("db", limit.ConcurrencyConfig{Limit: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	c.TryAcquire(ctx, 1)
	served := make(chan string)
	for i, class := range []string{"report", "checkout"} {
		go func() {
			if err := c.Acquire(limit.WithPriority(ctx, i), 1); err == nil {
				served <- class
				c.Release(1)
			}
		}()
	}
	for c.Stats().Waiting < 2 {
		<-time.After(time.Millisecond)
	}
	c.Release(1)
	fmt.Println(<-served, <-served)
	// Output: checkout report
}

// The limit falls to the half when everything is turned away.
func ExampleNewAdaptive() {
	ctx := context.Background()
	upstream, err := limit.NewAdaptive("search", limit.AdaptiveConfig{
		Initial:           40,
		Max:               200,
		MaxHealthyLatency: time.Second,
		Window:            10 * time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer upstream.Close()

	for start := time.Now(); upstream.Stats().Burst == 40 && time.Since(start) < time.Minute; {
		_ = upstream.Do(ctx, func(context.Context) error { return core.ErrRejected })
	}
	fmt.Println(upstream)
	// Output: adaptive limit "search": 20 now
}

func ExampleNewThrottle() {
	ctx := context.Background()
	backend, err := limit.NewThrottle("search", limit.ThrottleConfig{Window: 10 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()

	var throttled *limit.ThrottledError
	for !errors.As(err, &throttled) { // once the backend has rejected enough
		err = backend.Do(ctx, func(context.Context) error { return core.ErrRejected })
	}
	fmt.Println(backend.Rejection() > 0.5, errors.Is(err, core.ErrRejected))
	// Output: true true
}

func ExampleWithOverload() {
	errSlowDown := errors.New("slow down")
	backend, err := limit.NewThrottle("storage", limit.ThrottleConfig{},
		limit.WithOverload(func(err error) bool { return errors.Is(err, errSlowDown) || limit.IsOverload(err) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	fmt.Println(backend)
	// Output: throttle "storage": rejects 0.0 %
}
