//go:build unix

package sched_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-co-op/gocron/v2"
	netresearch "github.com/netresearch/go-cron"
	"github.com/reugn/go-quartz/job"
	"github.com/reugn/go-quartz/quartz"
	"github.com/robfig/cron/v3"
)

// herds run so many jobs at the beginning of every second, until the benchmark ends.
var herds = []struct {
	impl  string
	start func(tb testing.TB, jobs int, run func())
}{
	{"goflow-metered", herdUnder(metered)},
	{"goflow-sampled", herdUnder(sampled)},
	{"goflow-counters", herdUnder(countersOnly)},
	{"AfterFunc", startAfterFuncs},
	{"robfig", startRobfig},
	{"netresearch", startNetresearch},
	{"gocron", startGocron},
	{"go-quartz", startQuartz},
}

// BenchmarkHerd has ten thousand jobs due at once, for three seconds in a row.
func BenchmarkHerd(b *testing.B) {
	const jobs = 10_000
	for _, h := range herds {
		b.Run("jobs=10000/impl="+h.impl, func(b *testing.B) {
			for b.Loop() {
				var w window
				h.start(b, jobs, w.record)
				w.watch(b, jobs)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// seconds is how long a herd is watched.
const seconds = 3

// window takes down how late jobs run that run between two instants. It is closed at first.
type window struct {
	from, until atomic.Int64 // in Unix nanoseconds
	runs        atomic.Int64
	late        []time.Duration
}

// record is the job.
func (w *window) record() {
	now := time.Now().UnixNano()
	if now < w.from.Load() || now >= w.until.Load() {
		return
	}
	if i := w.runs.Add(1) - 1; i < int64(len(w.late)) {
		w.late[i] = time.Duration(now % int64(time.Second))
	}
}

// watch opens the window at a whole second, and reports what was seen through it. Jobs may have had a
// first second to warm up.
func (w *window) watch(b *testing.B, jobs int) {
	b.Helper()
	w.late = make([]time.Duration, jobs*seconds)
	from := time.Now().Truncate(time.Second).Add(2 * time.Second)
	until := from.Add(seconds * time.Second)
	w.from.Store(from.UnixNano())
	w.until.Store(until.UnixNano())
	<-time.After(time.Until(from.Add(-margin)))
	before := used(b)
	<-time.After(time.Until(until.Add(-margin)))
	cpu := used(b) - before
	w.until.Store(0)
	runs := min(int(w.runs.Load()), len(w.late))
	b.ReportMetric(float64(runs)/float64(len(w.late)), "run/due")
	if runs > 0 {
		reportFires(b, w.late[:runs], cpu)
	}
}

// margin keeps the processor time of one second's jobs apart from the next's.
const margin = 50 * time.Millisecond

func nextSecond() time.Time { return time.Now().Truncate(time.Second).Add(time.Second) }

// startAfterFuncs makes timers that set themselves anew.
func startAfterFuncs(tb testing.TB, jobs int, run func()) {
	tb.Helper()
	var stopped atomic.Bool
	timers := make([]*time.Timer, jobs)
	for i := range timers {
		timers[i] = time.AfterFunc(time.Hour, func() {
			run()
			if !stopped.Load() {
				timers[i].Reset(time.Until(nextSecond()))
			}
		})
		timers[i].Reset(time.Until(nextSecond()))
	}
	tb.Cleanup(func() {
		stopped.Store(true)
		for _, t := range timers {
			t.Stop()
		}
	})
}

func startRobfig(tb testing.TB, jobs int, run func()) {
	tb.Helper()
	c := cron.New()
	for range jobs {
		c.Schedule(cron.Every(time.Second), cron.FuncJob(run))
	}
	c.Start()
	tb.Cleanup(func() { <-c.Stop().Done() })
}

func startNetresearch(tb testing.TB, jobs int, run func()) {
	tb.Helper()
	c := netresearch.New()
	for i := range jobs {
		_, err := c.ScheduleJob(netresearch.Every(time.Second), netresearch.FuncJob(run), netresearch.WithName(strconv.Itoa(i)))
		if err != nil {
			tb.Fatal(err)
		}
	}
	c.Start()
	tb.Cleanup(func() { <-c.Stop().Done() })
}

func startGocron(tb testing.TB, jobs int, run func()) {
	tb.Helper()
	s := newGocron(tb)
	first := nextSecond().Add(time.Second)
	for i := range jobs {
		_, err := s.NewJob(gocron.DurationJob(time.Second), gocron.NewTask(run),
			gocron.WithName(strconv.Itoa(i)), gocron.WithStartAt(gocron.WithStartDateTime(first)))
		if err != nil {
			tb.Fatal(err)
		}
	}
	s.Start()
}

// startQuartz leaves out jobs that would be more than 0.1 s late, as go-quartz does by default.
func startQuartz(tb testing.TB, jobs int, run func()) {
	tb.Helper()
	s := newQuartz(tb)
	for i := range jobs {
		trigger, err := quartz.NewCronTriggerWithLoc("* * * * * *", time.UTC)
		if err != nil {
			tb.Fatal(err)
		}
		task := job.NewFunctionJob(func(context.Context) (struct{}, error) {
			run()
			return struct{}{}, nil
		})
		if err := s.ScheduleJob(quartz.NewJobDetail(task, quartz.NewJobKey(strconv.Itoa(i))), trigger); err != nil {
			tb.Fatal(err)
		}
	}
	s.Start(context.Background())
}
