package faults

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// workers ask in turn, each on a schedule of its own that does not wait for answers of others.
const workers = 64

// sample is a decision: when it was asked for, and when it came.
type sample struct {
	began, ended time.Duration // since the load began
	allowed      bool
}

// ask takes a permit for a worker and says of which limit it was.
type ask struct {
	limit string
	take  func(context.Context) (limit.Decision, error)
}

// load asks at a pace until it is stopped.
type load struct {
	rps     int
	hops    time.Duration // how often a wait may be held up by the machine
	began   time.Time
	stop    context.CancelFunc
	all     sync.WaitGroup
	asks    []ask
	samples [][]sample // by worker; read after the end
	asked   atomic.Int64
	slowest atomic.Int64
	stall   atomic.Int64 // of the machine: how late a timer was

	mu     sync.Mutex
	errors map[string]int
}

// startLoad asks rps times a second. The i-th worker asks asks[i%len(asks)].
func startLoad(rps, callers int, asks []ask) *load {
	ctx, stop := context.WithCancel(context.Background())
	l := &load{rps: rps, hops: 3, began: time.Now(), stop: stop, asks: asks, samples: make([][]sample, callers), errors: map[string]int{}}
	for i := range callers {
		l.all.Go(func() { l.work(ctx, i) })
	}
	l.all.Go(func() { l.watch(ctx) })
	return l
}

// work asks on time: what came late is made up for at once.
func (l *load) work(ctx context.Context, i int) {
	callers := len(l.samples)
	every := time.Second * time.Duration(callers) / time.Duration(l.rps)
	due := every * time.Duration(i) / time.Duration(callers)
	timer := time.NewTimer(due)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		l.one(i)
		due += every
		timer.Reset(due - time.Since(l.began))
	}
}

func (l *load) one(i int) {
	began := time.Since(l.began)
	d, err := l.asks[i%len(l.asks)].take(context.Background())
	ended := time.Since(l.began)
	l.samples[i] = append(l.samples[i], sample{began, ended, d.Allowed})
	l.asked.Add(1)
	raise(&l.slowest, int64(ended-began))
	if err != nil {
		l.mu.Lock()
		l.errors[err.Error()]++
		l.mu.Unlock()
	}
}

// watch notes how late timers are: what a machine with too much to do adds to everything.
func (l *load) watch(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		<-time.After(time.Millisecond)
		raise(&l.stall, int64(time.Since(began)-time.Millisecond))
	}
}

func raise(most *atomic.Int64, to int64) {
	for now := most.Load(); to > now && !most.CompareAndSwap(now, to); {
		now = most.Load()
	}
}

// slack is what the machine may have added to a wait: it is kept waiting several times.
func (l *load) slack() time.Duration { return l.hops * time.Duration(l.stall.Load()) }

func (l *load) end() {
	l.stop()
	l.all.Wait()
}

// failures are the errors callers got.
func (l *load) failures() (n int, example string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for text, times := range l.errors {
		n, example = n+times, fmt.Sprintf("%d times %s", times, text)
	}
	return n, example
}

// permits are what one limit gave, after the end.
func (l *load) permits(name string) []sample {
	var given []sample
	for i, of := range l.samples {
		if l.asks[i%len(l.asks)].limit != name {
			continue
		}
		for _, s := range of {
			if s.allowed {
				given = append(given, s)
			}
		}
	}
	return given
}

// slow are the decisions that took longer, after the end.
func (l *load) slow(than time.Duration) []sample {
	var list []sample
	for _, of := range l.samples {
		for _, s := range of {
			if s.ended-s.began > than {
				list = append(list, s)
			}
		}
	}
	slices.SortFunc(list, func(a, b sample) int { return int(a.began - b.began) })
	return list
}

// quantile is how long a part of the decisions took at most, after the end.
func (l *load) quantile(part float64) time.Duration {
	var took []time.Duration
	for _, of := range l.samples {
		for _, s := range of {
			took = append(took, s.ended-s.began)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[min(int(part*float64(len(took))), len(took)-1)]
}

// rate is how many decisions a second came between two times, after the end.
func (l *load) rate(from, to time.Duration) float64 {
	n := 0
	for _, of := range l.samples {
		for _, s := range of {
			if from <= s.ended && s.ended < to {
				n++
			}
		}
	}
	return float64(n) / (to - from).Seconds()
}

// over is by how many permits a limit was exceeded in the stretch of time where it was most: each permit
// was given at some time between its sample's two, so those count for a stretch that lie wholly within.
func over(given []sample, perSecond float64, burst int) int {
	slices.SortFunc(given, func(a, b sample) int { return int(a.ended - b.ended) })
	most := 0.0
	for i := range given {
		from, n := given[i].began, 0
		for j := range given {
			if given[j].began < from {
				continue
			}
			n++
			most = max(most, float64(n)-float64(burst)-perSecond*(given[j].ended-from).Seconds())
		}
	}
	return int(most)
}
