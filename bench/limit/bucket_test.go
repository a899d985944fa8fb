package limit_test

import (
	"testing"

	"github.com/goflow-go/goflow/bench/internal/side"
)

// asker is a limiter of one bucket: make gives what asks it for a permit.
type asker struct {
	impl string
	make func(testing.TB, quota) func() bool
}

var askers = []asker{
	{"goflow-metered", allowUnder(metered)},
	{"goflow-sharded-metered", newSharded},
	{"goflow-counters", allowUnder(countersOnly)},
	{"goflow-noop", allowUnder(unmetered)},
	{"goflow-recording-parent", allowTraced},
	{"bare-gcra", newGCRA},
	{"x-time", newXTime},
	{"failsafe-smooth", newFailsafeSmooth},
	{"failsafe-bursty", newFailsafeBursty},
	{"uber", newUber},
	{"juju", newJuju},
	{"throttled", oneKey(newThrottled)},
	{"sethvargo", oneKey(newSethvargo)},
	{"ulule", oneKey(newUlule)},
}

func BenchmarkBucket(b *testing.B) {
	b.Run("allowed", func(b *testing.B) { ask(b, plenty, true) })
	b.Run("denied", func(b *testing.B) { ask(b, none, false) })
}

// ask measures every asker, and fails when one does not answer what it should.
func ask(b *testing.B, q quota, want bool) {
	b.Helper()
	var impls []side.Impl
	for _, a := range askers {
		if !want && (a.impl == "uber" || a.impl == "goflow-sharded-metered") {
			continue // it has no way to deny, or permits too often to deny all the time
		}
		impls = append(impls, side.Impl{Name: a.impl, Make: func(tb testing.TB) func() bool {
			tb.Helper()
			allow := a.make(tb, q)
			if !allow() {
				tb.Fatal("the first call was denied")
			}
			return allow
		}})
	}
	side.Run(b, impls, want)
}
