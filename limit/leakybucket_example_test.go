package limit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/limit"
)

func ExampleNewLeakyBucket() {
	bucket, err := limit.NewLeakyBucket("mailer", limit.LeakyBucketConfig{Rate: limit.PerSecond(100)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bucket.Close()
	began := time.Now()
	for range 4 { // one now, and three 10 ms apart
		if err := bucket.Wait(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(time.Since(began) >= 28*time.Millisecond)
	// Output: true
}

func ExampleNewFixedWindow() {
	quota, err := limit.NewFixedWindow("reports", limit.WindowConfig{Limit: 1000, Window: 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer quota.Close()
	d, err := quota.Take(context.Background(), 5)
	fmt.Println(d.Allowed, d.Remaining, "of", d.Limit, "left until midnight UTC", err)
	// Output: true 995 of 1000 left until midnight UTC <nil>
}

func ExampleNewSlidingWindow() {
	window, err := limit.NewSlidingWindow("login", limit.WindowConfig{Limit: 2, Window: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer window.Close()
	ctx := context.Background()
	fmt.Println(window.Allow(ctx), window.Allow(ctx), window.Allow(ctx))
	// Output: true true false
}

func ExampleNewSlidingLog() {
	log, err := limit.NewSlidingLog("login", limit.WindowConfig{Limit: 2, Window: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer log.Close()
	ctx := context.Background()
	log.AllowN(ctx, 2)
	d, err := log.Take(ctx, 1)
	fmt.Println(d.Allowed, "retry in", d.RetryAfter.Round(time.Minute), err)
	// Output: false retry in 1h0m0s <nil>
}
