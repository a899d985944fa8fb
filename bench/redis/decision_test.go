package redis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/goflow-go/goflow/internal/redistest"
)

// quota is so many permits a second, all of which can be had at once.
type quota int

// asker is a limiter in Redis: make gives what asks it about a key.
type asker struct {
	impl string
	make func(testing.TB, quota) ask
}

// ask takes a permit of a key's, if there is one.
type ask func(ctx context.Context, key string) (bool, error)

var askers = []asker{
	{"goflow-metered", newKeyed()},
	{"goflow-batched-metered", newKeyed(batched)},
	{"goflow-leased-metered", newKeyed(leased)},
	{"redis_rate", func(tb testing.TB, q quota) ask { return newRedisRate(byDefault(tb), q) }},
	{"redis_rate-our-client", func(tb testing.TB, q quota) ask { return newRedisRate(asOurs(tb), q) }},
	{"ulule", newUlule},
	{"bare-gcra", newBareGCRA},
	{"rueidis-gcra", newRueidisGCRA},
}

// crowds are how many goroutines ask at the same time.
var crowds = []int{1, 16, 64}

var errDenied = errors.New("denied, with permits left")

// BenchmarkDecision asks for permits of many keys, or of one, and there always are some.
func BenchmarkDecision(b *testing.B) {
	for _, n := range []int{1024, 1} {
		q, all := quota(100_000), askers
		if n == 1 {
			q, all = 10_000_000, append([]asker{{"goflow-one-metered", newLimiter}}, askers...)
		}
		for _, callers := range crowds {
			b.Run(fmt.Sprintf("keys=%d/callers=%d", n, callers), func(b *testing.B) {
				for _, a := range all {
					b.Run("impl="+a.impl, func(b *testing.B) { askAll(b, a.make(b, q), n, callers) })
				}
			})
		}
	}
}

// askAll measures an asker. Each caller goes through the keys from anywhere.
func askAll(b *testing.B, allow ask, n, callers int) {
	b.Helper()
	keys := keysOf(b, n)
	from := make([]int, callers)
	for c := range from {
		from[c] = rand.IntN(n)
	}
	do := func(ctx context.Context, caller, i int) error {
		ok, err := allow(ctx, keys[(from[caller]+i)%n])
		if err == nil && !ok {
			return errDenied
		}
		return err
	}
	warm(b, callers, max(n, 8*callers), do)
	spread(b, callers, do)
}

// keysOf makes so many keys that no one else has.
func keysOf(tb testing.TB, n int) []string {
	tb.Helper()
	keys, prefix := make([]string, n), redistest.Prefix(tb)
	for i := range keys {
		keys[i] = fmt.Sprintf("%sclient-%04d", prefix, i)
	}
	return keys
}
