package flowredis_test

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/limit"
)

func regional(here string, eu, us, ap redis.UniversalClient) (*flowredis.Regional, error) {
	return flowredis.NewRegional("orders", flowredis.RegionalConfig{
		Region: here,
		Regions: []flowredis.Region{
			{Name: "eu", Weight: 2, Client: eu},
			{Name: "us", Weight: 2, Client: us},
			{Name: "ap", Weight: 1, Client: ap},
		},
		Rate: limit.PerSecond(5000), Burst: 1000,
	})
}

func ExampleNewRegional() {
	ctx := context.Background()
	client, err := flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{"127.0.0.1:1"}}) // no one is there
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	orders, err := regional("eu", client, client, client)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer orders.Close()
	if err := orders.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(orders.Allow(ctx))
	fmt.Println(orders)
	fmt.Println(orders.Mode())
	fmt.Println(orders.Stop(ctx))
	// Output:
	// true
	// regional limiter "orders" in "eu": 2000/s, burst 400 of its own
	// static
	// <nil>
}
