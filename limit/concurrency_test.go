package limit_test

import (
	"testing"

	"github.com/goflow-go/goflow/limit"
)

func newConcurrency(tb testing.TB, cfg limit.ConcurrencyConfig, opts ...limit.Option) *limit.Concurrency {
	tb.Helper()
	c, err := limit.NewConcurrency("db", cfg, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}
