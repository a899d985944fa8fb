package limit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ExampleNewTokenBucket() {
	bucket, err := limit.NewTokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bucket.Close()
	ctx := context.Background()
	fmt.Println(bucket.Allow(ctx), bucket.Allow(ctx), bucket.Allow(ctx))
	// Output: true true false
}

func ExampleTokenBucket_Take() {
	bucket := must(limit.NewTokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 10}))
	defer bucket.Close()
	d, err := bucket.Take(context.Background(), 3)
	fmt.Println(d.Allowed, d.Remaining, "of", d.Limit, err)
	_, err = bucket.Take(context.Background(), 11)
	fmt.Println(err)
	// Output:
	// true 7 of 10 <nil>
	// limit: "checkout": 11 permits asked for, at most 10 can be had
}

func ExampleTokenBucket_Wait() {
	bucket := must(limit.NewTokenBucket("mails", limit.TokenBucketConfig{Rate: limit.PerSecond(100)}))
	defer bucket.Close()
	began := time.Now()
	for range 4 {
		if err := bucket.Wait(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("took 30 ms at least:", time.Since(began) >= 30*time.Millisecond)
	// Output: took 30 ms at least: true
}

func ExampleTokenBucket_Reserve() {
	bucket := must(limit.NewTokenBucket("mails", limit.TokenBucketConfig{Rate: limit.PerHour(1)}))
	defer bucket.Close()
	r := must(bucket.Reserve(context.Background(), 1))
	fmt.Println("now:", r.Delay() == 0)
	fmt.Println("given back:", r.Cancel(), "again:", r.Cancel())
	fmt.Println("still there:", bucket.Allow(context.Background()))
	// Output:
	// now: true
	// given back: true again: false
	// still there: true
}

func ExampleNewKeyed() {
	clients := must(limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1)}))
	defer clients.Close()
	ctx := context.Background()
	fmt.Println(clients.Allow(ctx, "ann"), clients.Allow(ctx, "ann"), clients.Allow(ctx, "bob"))
	// Output: true false true
}

func ExampleKeyed_For() {
	clients := must(limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1)}))
	defer clients.Close()
	ann := limit.Reject(clients.For("ann"))
	err := ann.Do(context.Background(), func(context.Context) error {
		fmt.Println("hello, ann")
		return nil
	})
	fmt.Println(err)
	// Output:
	// hello, ann
	// <nil>
}

func ExampleReject() {
	bucket := must(limit.NewTokenBucket("search", limit.TokenBucketConfig{Rate: limit.PerHour(1)}))
	defer bucket.Close()
	policy := core.Compose(limit.Reject(bucket))
	for range 2 {
		hits, err := core.Call(context.Background(), policy, func(context.Context) (int, error) { return 42, nil })
		fmt.Println(hits, err != nil)
	}
	// Output:
	// 42 false
	// 0 true
}

func ExamplePace() {
	bucket := must(limit.NewTokenBucket("crawl", limit.TokenBucketConfig{Rate: limit.PerSecond(200)}))
	defer bucket.Close()
	policy := limit.Pace(bucket)
	for page := range 3 {
		_ = policy.Do(context.Background(), func(context.Context) error {
			fmt.Println("page", page)
			return nil
		})
	}
	// Output:
	// page 0
	// page 1
	// page 2
}

func ExampleParseRate() {
	rate, err := limit.ParseRate("5/m")
	fmt.Println(rate, rate.Interval(), err)
	_, err = limit.ParseRate("5 a minute")
	fmt.Println(err)
	// Output:
	// 5/m 12s <nil>
	// limit: rate "5 a minute": want a number, a slash and a unit, as in 100/s
}
