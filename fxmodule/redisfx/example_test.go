package redisfx_test

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/fxmodule/redisfx"
	"github.com/goflow-go/goflow/limit"
)

// application is the same with and without Redis.
func application(cfg redisfx.Config) fx.Option {
	return fx.Options(
		redisfx.Module, fx.Supply(cfg),
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerMinute(1), Burst: 20}),
		limitfx.Embedded(limitfx.TokenBucket("log", limit.TokenBucketConfig{Rate: limit.PerSecond(1), Burst: 5})),
	)
}

func Example() {
	for _, addrs := range [][]string{nil, {"127.0.0.1:6379"}} {
		var clients limit.KeyedLimiter
		app := fx.New(fx.NopLogger,
			application(redisfx.Config{Client: flowredis.ClientConfig{Addrs: addrs}}),
			fx.Populate(fx.Annotate(&clients, fx.ParamTags(`name:"clients"`))),
		)
		if err := app.Err(); err != nil {
			panic(err)
		}
		fmt.Println(clients) // app.Run would start it
	}
	// Output:
	// keyed limiter "clients": 1/m, burst 20 for each key
	// shared keyed limiter "clients": 1/m, burst 20 for each key
}

// regions are this process's, and all, with a client for each.
func regions(l fx.Lifecycle) (flowredis.RegionalConfig, error) {
	cfg := flowredis.RegionalConfig{Region: "eu", Rate: limit.PerSecond(1000), Burst: 100}
	for _, r := range []struct{ name, addr string }{{"eu", "127.0.0.1:6379"}, {"us", "127.0.0.1:6380"}} {
		client, err := flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{r.addr}})
		if err != nil {
			return cfg, err
		}
		l.Append(fx.StopHook(client.Close))
		cfg.Regions = append(cfg.Regions, flowredis.Region{Name: r.name, Client: client})
	}
	return cfg, nil
}

func ExampleRegional() {
	var orders limit.Limiter
	app := fx.New(fx.NopLogger,
		redisfx.Regional("orders", regions),
		fx.Populate(fx.Annotate(&orders, fx.ParamTags(`name:"orders"`))),
	)
	if err := app.Err(); err != nil {
		panic(err)
	}
	fmt.Println(orders) // app.Run would start it
	// Output: regional limiter "orders" in "eu": 500/s, burst 50 of its own
}
