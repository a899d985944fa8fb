package redisfx_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/redisfx"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// regionalConfig is for one of two regions, on one server.
func regionalConfig(t *testing.T, client redis.UniversalClient) flowredis.RegionalConfig {
	t.Helper()
	return flowredis.RegionalConfig{
		Region: "eu", Regions: []flowredis.Region{{Name: "eu", Client: client}, {Name: "us", Client: client}},
		Rate: limit.PerSecond(1000), Burst: 100,
		Coordinator: flowredis.Config{Prefix: redistest.Prefix(t), Budget: 5 * time.Second},
	}
}

func TestARegionalLimiterLendsWhileTheApplicationRuns(t *testing.T) {
	t.Parallel()
	client, err := flowredis.NewClient(config(t, redistest.Shared(t).Addr()).Client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	var orders struct {
		fx.In

		Regional *flowredis.Regional `name:"orders"`
		Limiter  limit.Limiter       `name:"orders"`
	}
	var engines flowadmin.Engines
	app := fx.New(fx.NopLogger, fx.Supply(&engines), fx.Supply(fx.Annotate(client, fx.As(new(redis.UniversalClient)))),
		redisfx.Regional("orders", func(c redis.UniversalClient) flowredis.RegionalConfig { return regionalConfig(t, c) }),
		fx.Populate(&orders),
	)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err := orders.Limiter.Take(t.Context(), 1); err != nil || !d.Allowed || d.Limit != 50 {
		t.Errorf("got %+v, %v, want one of the region's 50", d, err)
	}
	await(t, "balanced mode", func() bool { return orders.Regional.Mode() == flowredis.Balanced })
	if e, ok := engines.Find("limiter", "orders"); !ok || !strings.HasPrefix(e.State()[0].Value, `regional limiter "orders" in "eu"`) {
		t.Errorf("the console knows %v, %+v", ok, e)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := orders.Regional.Mode(); got != flowredis.Static || len(engines.List()) != 0 {
		t.Errorf("after the stop it is %v, and %d engines are known, want static and none", got, len(engines.List()))
	}
}

func TestWrongRegionalLimitersAreErrorsOfTheApplication(t *testing.T) {
	t.Parallel()
	failed := errors.New("no such region")
	for name, c := range map[string]struct {
		config any
		want   error
		text   string
	}{
		"not a config":            {config: func() int { return 1 }, text: "redisfx: Regional wants a function that returns a flowredis.RegionalConfig"},
		"a config that is wrong":  {config: func() flowredis.RegionalConfig { return flowredis.RegionalConfig{} }, want: core.ErrInvalid},
		"a function that fails":   {config: func() (flowredis.RegionalConfig, error) { return flowredis.RegionalConfig{}, failed }, want: failed},
		"a function that is none": {config: 7, text: "got int"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			use := fx.Invoke(fx.Annotate(func(*flowredis.Regional) {}, fx.ParamTags(`name:"orders"`)))
			err := fx.New(fx.NopLogger, redisfx.Regional("orders", c.config), use).Err()
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %v %s", err, c.want, c.text)
			}
		})
	}
}
