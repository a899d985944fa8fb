package redis_test

import (
	"context"
	"os"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
)

// All share one server, which the first benchmark starts.
func TestMain(m *testing.M) { os.Exit(redistest.Main(m).Run()) }

// byDefault is a client with go-redis' own settings: ten connections for each processor.
func byDefault(tb testing.TB) goredis.UniversalClient {
	tb.Helper()
	return use(tb, goredis.NewClient(&goredis.Options{Addr: redistest.Shared(tb).Addr()}))
}

// patient is how long anything may take. goflow's defaults are for machines that have processors to spare:
// here a moment in which something else runs would make it decide without Redis, which is another figure.
const patient = 2 * time.Second

// asOurs is a client with the settings that goflow has, but patient: up to 64 connections.
func asOurs(tb testing.TB) goredis.UniversalClient {
	tb.Helper()
	client, err := flowredis.NewClient(flowredis.ClientConfig{
		Addrs:       []string{redistest.Shared(tb).Addr()},
		DialTimeout: patient, ReadTimeout: patient, PoolTimeout: patient,
	})
	must(tb, err)
	return use(tb, client)
}

func use(tb testing.TB, client goredis.UniversalClient) goredis.UniversalClient {
	tb.Helper()
	tb.Cleanup(func() { must(tb, client.Close()) })
	must(tb, client.Ping(context.Background()).Err())
	return client
}

// pipelining is a rueidis client, which sends what many callers ask on one connection.
func pipelining(tb testing.TB) rueidis.Client {
	tb.Helper()
	client, err := rueidis.NewClient(rueidisOptions(tb))
	must(tb, err)
	tb.Cleanup(client.Close)
	return client
}

func rueidisOptions(tb testing.TB) rueidis.ClientOption {
	tb.Helper()
	return rueidis.ClientOption{InitAddress: []string{redistest.Shared(tb).Addr()}}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
