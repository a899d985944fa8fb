package flowredis_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

func TestMain(m *testing.M) {
	beChild()
	if is, code := beAsker(); is {
		os.Exit(code)
	}
	sideBySide()
	goleak.VerifyTestMain(lingering{redistest.Main(m)})
}

// atATime is how many tests run at a time unless the command line says otherwise. They wait for true time
// and for servers, so there may be more of them than processors.
const atATime = "8"

func sideBySide() {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", atATime)
	}
}

// lingering lets go-redis end: a pool whose server is gone looks for it once a second, and sees only
// then that it was closed.
type lingering struct{ tests *redistest.M }

func (l lingering) Run() int {
	code := l.tests.Run()
	<-time.After(1500 * time.Millisecond)
	return code
}

// budget is the longest a decision may take, by default and by what a busy machine adds.
const (
	budget  = 50 * time.Millisecond
	patient = 10 * time.Second
)

func newClient(tb testing.TB, cfg flowredis.ClientConfig) redis.UniversalClient {
	tb.Helper()
	client, err := flowredis.NewClient(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

func clientOf(tb testing.TB, addrs ...string) redis.UniversalClient {
	tb.Helper()
	return newClient(tb, flowredis.ClientConfig{Addrs: addrs})
}

// calm has timeouts for tests that are not about them: on a machine that is busy a decision that is late
// would be the local share's, and more permits would be given out.
func calm(cfg flowredis.ClientConfig) flowredis.ClientConfig {
	cfg.PoolTimeout, cfg.DialTimeout, cfg.ReadTimeout = patient, patient, patient
	return cfg
}

// calmClient is clientOf with such timeouts.
func calmClient(tb testing.TB, addrs ...string) redis.UniversalClient {
	tb.Helper()
	return newClient(tb, calm(flowredis.ClientConfig{Addrs: addrs}))
}

// coordinate makes a coordinator with a prefix of the test's own.
func coordinate(tb testing.TB, client redis.UniversalClient, cfg flowredis.Config, opts ...flowredis.Option) *flowredis.Coordinator {
	tb.Helper()
	if cfg.Prefix == "" {
		cfg.Prefix = prefix(tb)
	}
	c, err := flowredis.New("shared", client, cfg, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// unhurried is a budget for tests that are not about it, on a machine that is busy.
var unhurried = flowredis.Config{Budget: patient}

func newBucket(tb testing.TB, c *flowredis.Coordinator, cfg flowredis.TokenBucketConfig, opts ...flowredis.Option) *flowredis.Limiter {
	tb.Helper()
	l, err := flowredis.NewTokenBucket("api", c, cfg, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.Close)
	return l
}

func newKeyed(tb testing.TB, c *flowredis.Coordinator, cfg flowredis.TokenBucketConfig, opts ...flowredis.Option) *flowredis.Keyed {
	tb.Helper()
	k, err := flowredis.NewKeyedTokenBucket("clients", c, cfg, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(k.Close)
	return k
}

func tenth(burst int) flowredis.TokenBucketConfig {
	return flowredis.TokenBucketConfig{Rate: limit.PerSecond(10), Burst: burst}
}

func start(tb testing.TB, c *flowredis.Coordinator) {
	tb.Helper()
	if err := c.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		if err := c.Stop(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			tb.Error(err)
		}
	})
}

// await waits until ok, and looks again every few milliseconds.
func await(tb testing.TB, what string, within time.Duration, ok func() bool) {
	tb.Helper()
	deadline := time.After(within)
	for !ok() {
		select {
		case <-deadline:
			tb.Fatalf("%s did not come within %v", what, within)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// prefix begins the keys of one run of a test.
func prefix(tb testing.TB) string {
	tb.Helper()
	return redistest.Prefix(tb)
}
