package flowredis_test

import (
	"context"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/limit"
)

// away is a coordinator of a Redis that is not there, so that what its limiters decide is their local
// share.
func away() *flowredis.Coordinator {
	client, err := flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{"127.0.0.1:1"}})
	if err != nil {
		panic(err)
	}
	shared, err := flowredis.New("shared", client, flowredis.Config{})
	if err != nil {
		panic(err)
	}
	return shared
}

func ExampleNewTokenBucket() {
	// A million decisions a second and more: most are made without a round trip.
	events, err := flowredis.NewTokenBucket("events", away(), flowredis.TokenBucketConfig{
		Rate: limit.PerSecond(100_000), Burst: 20_000, Lease: 5_000, // what comes in 50 ms
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer events.Close()
	fmt.Println(events)
	// Output: shared limiter "events": 100000/s, burst 20000
}

func ExampleNewLeakyBucket() {
	mails, err := flowredis.NewLeakyBucket("mails", away(), flowredis.LeakyBucketConfig{Rate: limit.PerSecond(100)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer mails.Close()
	for range 3 {
		if err := mails.Wait(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(mails)
	// Output: shared limiter "mails": 100/s, burst 1
}

func ExampleNewFixedWindow() {
	reports, err := flowredis.NewFixedWindow("reports", away(), flowredis.WindowConfig{Limit: 1000, Window: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer reports.Close()
	fmt.Println(reports)
	// Output: shared limiter "reports": 1000/h, burst 1000
}

func ExampleNewKeyedSlidingWindow() {
	logins, err := flowredis.NewKeyedSlidingWindow("logins", away(), flowredis.WindowConfig{
		Limit: 2, Window: time.Minute, CacheDenials: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logins.Close()
	for range 3 {
		fmt.Println(logins.Allow(context.Background(), "ann"))
	}
	// Output:
	// true
	// true
	// false
}

func ExampleNewConcurrency() {
	db, err := flowredis.NewConcurrency("db", away(), flowredis.ConcurrencyConfig{Limit: 20, Wait: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	err = db.Do(context.Background(), func(context.Context) error {
		fmt.Println("at most 20 of us")
		return nil
	})
	fmt.Println(err)
	// Output:
	// at most 20 of us
	// <nil>
}
