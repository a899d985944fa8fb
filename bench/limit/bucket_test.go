package limit_test

import "testing"

// asker is a limiter of one bucket: make gives what asks it for a permit.
type asker struct {
	impl string
	make func(testing.TB, quota) func() bool
}

var askers = []asker{
	{"goflow-metered", allowUnder(metered)},
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
	for _, a := range askers {
		if a.impl == "uber" && !want {
			continue // it has no way to deny
		}
		b.Run("impl="+a.impl, func(b *testing.B) {
			allow := a.make(b, q)
			if !allow() {
				b.Fatal("the first call was denied")
			}
			b.Run("serial", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if allow() != want {
						b.Fatalf("allowed is %t, want %t", !want, want)
					}
				}
			})
			b.Run("parallel", func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if allow() != want {
							b.Errorf("allowed is %t, want %t", !want, want)
							return
						}
					}
				})
			})
		})
	}
}
