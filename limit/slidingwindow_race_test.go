package limit_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// askMany lets goroutines ask until the time is over, and gives how many permits they got, and how long
// it took from before the first until after the last.
func askMany(d time.Duration, goroutines int, ask func(i int) int) (int64, time.Duration) {
	var got atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for g := range goroutines {
		all.Go(func() {
			for i := g; time.Since(began) < d; i++ {
				if n := ask(i); n > 0 {
					got.Add(int64(n))
				}
			}
		})
	}
	all.Wait()
	return got.Load(), time.Since(began)
}

func TestWindowsNeverOverAdmit(t *testing.T) {
	t.Parallel()
	for _, kind := range windowKinds {
		for _, goroutines := range []int{2, 64, 1024} {
			t.Run(fmt.Sprint(kind.name, "/", goroutines), func(t *testing.T) {
				t.Parallel()
				const limitOf, window = 50, 5 * time.Millisecond
				l, err := kind.make("api", limit.WindowConfig{Limit: limitOf, Window: window})
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				began := time.Now().UnixNano() / int64(window)
				got, took := askMany(time.Second/3, goroutines, func(i int) int {
					if n := 1 + i%3; l.AllowN(t.Context(), n) {
						return n
					}
					return 0
				})
				windows := int64(took/window) + 1 // that cover it
				if kind.algorithm != "sliding_log" {
					windows = time.Now().UnixNano()/int64(window) - began + 2 // of the clock, which may be adjusted by a little
				}
				if got > limitOf*windows {
					t.Errorf("%d permits in %v, want at most %d", got, took, limitOf*windows)
				}
				if s := l.Stats(); s.Permits != got {
					t.Errorf("Stats count %d permits, given were %d", s.Permits, got)
				}
			})
		}
	}
}

func TestWindowsNeverOverAdmitWhileTheyChange(t *testing.T) {
	t.Parallel()
	for _, kind := range windowKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			const most, shortest = 40, time.Millisecond
			l, err := kind.make("api", limit.WindowConfig{Limit: most, Window: shortest})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			began := time.Now().UnixNano() / int64(shortest)
			got, took := askMany(time.Second/2, 16, func(i int) int {
				var err error
				switch i % 64 {
				case 0:
					err = l.SetWindow(t.Context(), shortest<<(i/64%3))
				case 1:
					err = l.SetLimit(t.Context(), most>>(i/64%3))
				case 2:
					// Read with a clock reading that others have overtaken, the window before counts in full.
					if s := l.Stats(); s.InUse > 2*most {
						t.Errorf("%d in use, of at most %d in each of two windows", s.InUse, most)
					}
				default:
					if l.Allow(t.Context()) {
						return 1
					}
				}
				if err != nil {
					t.Error(err)
				}
				return 0
			})
			windows := int64(took/shortest) + 1
			if kind.algorithm != "sliding_log" {
				windows = time.Now().UnixNano()/int64(shortest) - began + 2
			}
			if got > most*windows {
				t.Errorf("%d permits in %v, want at most %d", got, took, most*windows)
			}
		})
	}
}

func TestLeakyBucketNeverOverAdmits(t *testing.T) {
	t.Parallel()
	for _, goroutines := range []int{2, 64, 1024} {
		t.Run(fmt.Sprint(goroutines), func(t *testing.T) {
			t.Parallel()
			const rate, catchUp = 50_000, time.Millisecond
			began := time.Now()
			l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(rate), CatchUp: catchUp})
			got, _ := askMany(time.Second/3, goroutines, func(i int) int {
				if i%2 == 0 {
					if l.Allow(t.Context()) {
						return 1
					}
					return 0
				}
				if i%8 == 3 {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					time.AfterFunc(100*time.Microsecond, cancel)
					if l.Wait(ctx) == nil {
						return 1
					}
					return 0
				}
				if err := l.WaitN(t.Context(), 1+i%3); err != nil {
					t.Error(err)
				}
				return 1 + i%3
			})
			if bound := rate*(time.Since(began)+catchUp).Seconds() + 1; float64(got) > bound {
				t.Errorf("%d permits, want at most %v", got, bound)
			}
			if s := l.Stats(); s.Permits-s.Cancelled != got || s.Waiting != 0 {
				t.Errorf("given were %d: %+v", got, s)
			}
		})
	}
}
