package limit_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/limit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newBucket(t testing.TB, rate limit.Rate, burst int, opts ...limit.Option) *limit.TokenBucket {
	t.Helper()
	b, err := limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: rate, Burst: burst}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func newKeyed(t testing.TB, rate limit.Rate, burst, maxKeys int, opts ...limit.Option) *limit.Keyed {
	t.Helper()
	k, err := limit.NewKeyed("api", limit.KeyedConfig{Rate: rate, Burst: burst, MaxKeys: maxKeys}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}
