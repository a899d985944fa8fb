package redis_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/internal/redistest"
)

// noted is one of how many calls has its time noted: two readings of the clock are as much as some calls.
const noted = 16

// fewEnough is the share of calls that may fail before a benchmark does: on a busy machine one may take
// longer than its caller has.
const fewEnough = 0.01

// call makes a caller's i-th call.
type call func(ctx context.Context, caller, i int) error

// warm makes n calls that do not count, so that the server has met every key and the client has as many
// connections as it will have.
func warm(b *testing.B, callers, n int, do call) {
	b.Helper()
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range n / callers {
				_ = do(b.Context(), c, i) // connecting may take longer than a caller has
			}
		})
	}
	wg.Wait()
}

// spread makes b.N calls from so many goroutines, and reports how long a call takes: on average over all of
// them (ns/op, so a second divided by it is the rate), and for who calls (p50-us, p99-us).
func spread(b *testing.B, callers int, do call) {
	b.Helper()
	took := make([][]time.Duration, callers)
	for c := range took {
		took[c] = make([]time.Duration, 0, b.N/callers/noted+1)
	}
	var failed atomic.Int64
	var wg sync.WaitGroup
	ours, servers := used(b)
	b.ReportAllocs()
	b.ResetTimer()
	for c := range callers {
		wg.Go(func() {
			share := (b.N + c) / callers // the shares add up to b.N
			for i := range share {
				begin := reading(i)
				if err := do(b.Context(), c, i); err != nil && failed.Add(1) == 1 {
					b.Log(err)
				}
				if i%noted == 0 {
					took[c] = append(took[c], time.Since(begin))
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	if n := failed.Load(); float64(n) > fewEnough*float64(b.N)+1 {
		b.Errorf("%d of %d calls failed", n, b.N)
	}
	oursAfter, serversAfter := used(b)
	b.ReportMetric((oursAfter-ours).Seconds()*1e6/float64(b.N), "cpu-us/op")
	b.ReportMetric((serversAfter-servers).Seconds()*1e6/float64(b.N), "redis-us/op")
	report(b, slices.Concat(took...))
}

// used is the processor time that this process and the server have used.
func used(b *testing.B) (ours, server time.Duration) {
	b.Helper()
	ours, err := side.CPU()
	must(b, err)
	for line := range strings.Lines(redistest.Shared(b).MustDo("INFO", "cpu").Text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_sys" || name == "used_cpu_user" {
			seconds, err := strconv.ParseFloat(value, 64)
			must(b, err)
			server += time.Duration(seconds * float64(time.Second))
		}
	}
	return ours, server
}

// reading is the time, of calls whose time is noted.
func reading(i int) (begin time.Time) {
	if i%noted == 0 {
		begin = time.Now()
	}
	return begin
}

func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	quantile := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1e6 }
	b.ReportMetric(quantile(0.5), "p50-us")
	b.ReportMetric(quantile(0.99), "p99-us")
}
