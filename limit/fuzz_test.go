package limit_test

import (
	"testing"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func FuzzTokenBucketAgainstModel(f *testing.F) {
	limittest.Fuzz(f, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
		t.Helper()
		return newBucket(t, rate, burst)
	})
}

func FuzzKeyedAgainstModel(f *testing.F) {
	limittest.Fuzz(f, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
		t.Helper()
		return newKeyed(t, rate, burst, 10).For("a")
	})
}
