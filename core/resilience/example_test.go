package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

func ExampleNewStandard() {
	stack, err := resilience.NewStandard("payments", resilience.StandardConfig{
		Retry: resilience.RetryConfig{BaseDelay: time.Millisecond},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stack.Close()

	var calls int
	receipt, err := core.Call(context.Background(), stack, func(context.Context) (string, error) {
		if calls++; calls == 1 {
			return "", errors.New("connection reset")
		}
		return "receipt 17", nil
	})
	fmt.Println(receipt, err)
	fmt.Println(calls, "attempts, breaker", stack.Breaker().State())
	// Output:
	// receipt 17 <nil>
	// 2 attempts, breaker closed
}

func ExampleNewRetry() {
	retry, err := resilience.NewRetry("payments", resilience.RetryConfig{MaxAttempts: 3, BaseDelay: time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer retry.Close()

	refused := errors.New("connection refused")
	err = retry.Do(context.Background(), func(context.Context) error { return refused })
	fmt.Println(err)
	fmt.Println(errors.Is(err, refused))
	// Output:
	// resilience: retry "payments" gave up after 3 attempts: connection refused
	// true
}

func ExamplePermanent() {
	retry, err := resilience.NewRetry("payments", resilience.RetryConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer retry.Close()

	err = retry.Do(context.Background(), func(context.Context) error {
		return resilience.Permanent(errors.New("card expired"))
	})
	fmt.Println(err)
	// Output: card expired
}

func ExampleWithRetryable() {
	errConflict := errors.New("conflict")
	retry, err := resilience.NewRetry("update", resilience.RetryConfig{BaseDelay: time.Millisecond},
		resilience.WithRetryable(func(err error) bool { return errors.Is(err, errConflict) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer retry.Close()

	fmt.Println(retry.Do(context.Background(), func(context.Context) error { return errors.New("no such row") }))
	fmt.Println(retry.Stats().NotRetryable)
	// Output:
	// no such row
	// 1
}

func ExampleNewBreaker() {
	breaker, err := resilience.NewBreaker("payments", resilience.BreakerConfig{FailureRate: 0.5, MinCalls: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer breaker.Close()

	ctx := context.Background()
	for range 4 {
		_ = breaker.Do(ctx, func(context.Context) error { return errors.New("connection refused") })
	}
	err = breaker.Do(ctx, func(context.Context) error { return nil })
	after, known := core.RetryAfter(err)
	fmt.Println(breaker.State(), errors.Is(err, core.ErrRejected), core.ErrorType(err))
	fmt.Println(known, after > 4*time.Second && after < 6*time.Second)
	// Output:
	// open true breaker_open
	// true true
}

func ExampleBreaker_ForceOpen() {
	breaker, err := resilience.NewBreaker("payments", resilience.BreakerConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer breaker.Close()

	ctx := context.Background()
	breaker.ForceOpen(ctx)
	fmt.Println(breaker.Do(ctx, func(context.Context) error { return nil }))
	breaker.Reset(ctx)
	fmt.Println(breaker.Do(ctx, func(context.Context) error { return nil }))
	// Output:
	// resilience: breaker "payments" was forced open
	// <nil>
}

func ExampleNewTimeout() {
	timeout, err := resilience.NewTimeout("payments", resilience.TimeoutConfig{Timeout: time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer timeout.Close()

	err = timeout.Do(context.Background(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output:
	// resilience: timeout "payments" passed after 1ms
	// true
}

func ExampleNewHedge() {
	hedge, err := resilience.NewHedge("search", resilience.HedgeConfig{After: time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hedge.Close()

	replicas := make(chan string, 2)
	replicas <- "slow"
	replicas <- "quick"
	answer, err := core.Call(context.Background(), hedge, func(ctx context.Context) (string, error) {
		replica := <-replicas
		if replica == "slow" {
			<-ctx.Done() // ends when the other run has answered
			return "", ctx.Err()
		}
		return "found by " + replica, nil
	})
	fmt.Println(answer, err)
	// Output: found by quick <nil>
}

func ExampleNewFallback() {
	fallback, err := resilience.NewFallback("orders", func(_ context.Context, err error) error {
		fmt.Println("queued, because of:", err)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fallback.Close()

	err = fallback.Do(context.Background(), func(context.Context) error { return errors.New("connection refused") })
	fmt.Println(err)
	// Output:
	// queued, because of: connection refused
	// <nil>
}

func ExampleCallOr() {
	price := func(context.Context) (int, error) { return 0, errors.New("connection refused") }
	cached := func(context.Context, error) (int, error) { return 42, nil }
	fmt.Println(resilience.CallOr(context.Background(), nil, price, cached))
	// Output: 42 <nil>
}
