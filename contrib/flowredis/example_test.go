package flowredis_test

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/limit"
)

func Example() {
	ctx := context.Background()
	client, err := flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{"127.0.0.1:1"}}) // no one is there
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	shared, err := flowredis.New("shared", client, flowredis.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer shared.Close()
	clients, err := flowredis.NewKeyedTokenBucket("clients", shared, flowredis.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer clients.Close()
	for range 3 {
		fmt.Println(clients.Allow(ctx, "ann"))
	}
	fmt.Println(clients)
	fmt.Println(shared)
	// Output:
	// true
	// true
	// false
	// shared keyed limiter "clients": 1/m, burst 2 for each key
	// coordinator "shared": degraded
}
