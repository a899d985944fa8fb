package flowredis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/sched"
)

// fifty is due fifty times, a tenth of a second apart.
type fifty struct{ first time.Time }

func (f fifty) Next(after time.Time) (time.Time, bool) {
	for i := range 50 {
		if t := f.first.Add(time.Duration(i) * 100 * time.Millisecond); t.After(after) {
			return t, true
		}
	}
	return time.Time{}, false
}

func TestSchedulersOfManyReplicasRunEachOccurrenceOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	var mu sync.Mutex
	runs := map[time.Time]int{}
	count := func() (occurrences, all int) {
		mu.Lock()
		defer mu.Unlock()
		for _, n := range runs {
			all += n
		}
		return len(runs), all
	}
	task := func(ctx context.Context) error {
		o, _ := core.OccurrenceOf(ctx)
		mu.Lock()
		defer mu.Unlock()
		runs[o.Time.UTC()]++
		return nil
	}
	due := fifty{time.Now().Add(300 * time.Millisecond).Truncate(100 * time.Millisecond)}
	for range 4 {
		locker, err := lease.NewLocker("jobs", newLeases(t, calmClient(t, server.Addr()), flowredis.Config{Prefix: "replicas"}), lease.Config{TTL: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(locker.Close)
		s, err := sched.New("maintenance", sched.Config{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Schedule(t.Context(), "report", due, task, sched.WithPolicies(lease.Once(locker)),
			sched.WithOverlap(sched.Concurrent(8)), sched.WithMisfire(sched.RunAll(50)))
		if err = errors.Join(err, s.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	await(t, "every occurrence", 3*patient, func() bool { n, _ := count(); return n == 50 })
	<-time.After(500 * time.Millisecond) // for what must not run
	if n, all := count(); n != 50 || all != 50 {
		t.Errorf("50 occurrences: %d ran, %d times", n, all)
	}
}
