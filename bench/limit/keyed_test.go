package limit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/limit"
)

// held keeps every key in use for as long as a benchmark runs, and denies none.
var held = quota{60, time.Hour, 1e6}

// keyedAsker is a limiter of many buckets: make gives what asks about a key, of at most so many.
type keyedAsker struct {
	impl string
	make func(tb testing.TB, q quota, keys int) func(key string) bool
}

var keyedAskers = []keyedAsker{
	{"goflow-metered", newKeyed},
	{"x-time-map", newXTimeMap},
	{"throttled", newThrottled},
	{"sethvargo", newSethvargo},
	{"ulule", newUlule},
}

func newKeyed(tb testing.TB, q quota, keys int) func(string) bool {
	tb.Helper()
	k, err := limit.NewKeyed("bench", limit.KeyedConfig{
		Rate: limit.Per(float64(q.count), q.period), Burst: q.burst, MaxKeys: keys,
	}, metered())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(k.Close)
	ctx := context.Background()
	return func(key string) bool { return k.Allow(ctx, key) }
}

// newXTimeMap makes what people write who have only x/time: a map that is never cleaned.
func newXTimeMap(_ testing.TB, q quota, _ int) func(string) bool {
	var mu sync.RWMutex
	limiters := map[string]*rate.Limiter{}
	add := func(key string) *rate.Limiter {
		mu.Lock()
		defer mu.Unlock()
		l, ok := limiters[key]
		if !ok {
			l = rate.NewLimiter(rate.Limit(q.perSecond()), q.burst)
			limiters[key] = l
		}
		return l
	}
	return func(key string) bool {
		mu.RLock()
		l, ok := limiters[key]
		mu.RUnlock()
		if !ok {
			l = add(key)
		}
		return l.Allow()
	}
}

func BenchmarkKeyed(b *testing.B) {
	for _, n := range []int{1, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			stored, asked := randomKeys(n), randomKeys(n)
			q := held
			if n == 1 {
				q = plenty
			}
			for _, a := range keyedAskers {
				b.Run("impl="+a.impl, func(b *testing.B) { askKeyed(b, a, q, stored, asked) })
			}
			runtime.KeepAlive(stored) // or their bytes would count as saved
		})
	}
}

// askKeyed measures one implementation. It meets the keys as stored, and is asked about equal strings
// elsewhere in memory, as a server is by its requests. Each loop begins anywhere, so that a short one
// does not go over the same few keys again.
func askKeyed(b *testing.B, a keyedAsker, q quota, stored, keys []string) {
	b.Helper()
	before, pause := side.Heap()
	allow := a.make(b, q, len(keys))
	for _, key := range stored {
		allow(key)
	}
	after, pauseAfter := side.Heap()
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		i := rand.IntN(len(keys))
		for b.Loop() {
			if !allow(keys[i]) {
				b.Fatal("denied")
			}
			if i++; i == len(keys) {
				i = 0
			}
		}
		if len(keys) >= 1_000_000 {
			b.ReportMetric((after-before)/float64(len(keys)), "B/key")
			b.ReportMetric((pauseAfter-pause).Seconds()*1e3, "gc-ms")
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			i := rand.IntN(len(keys))
			for pb.Next() {
				if !allow(keys[i]) {
					b.Error("denied")
					return
				}
				if i++; i == len(keys) {
					i = 0
				}
			}
		})
	})
}

// randomKeys makes the same keys in another order each time. Their bytes lie in that order in one
// string: going through them costs little beside the limiter's own memory.
func randomKeys(n int) []string {
	const form = "client-%07d"
	size := len(fmt.Sprintf(form, 0))
	var all strings.Builder
	all.Grow(n * size)
	for _, i := range rand.Perm(n) {
		fmt.Fprintf(&all, form, i)
	}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = all.String()[i*size : (i+1)*size]
	}
	return keys
}
