package sched_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"
	netresearch "github.com/netresearch/go-cron"
	"github.com/reugn/go-quartz/job"
	"github.com/reugn/go-quartz/quartz"
	"github.com/robfig/cron/v3"

	"github.com/goflow-go/goflow/bench/internal/side"
)

// jobSets keep many named jobs, none of which runs. once and cron make a set with jobs of these names,
// and give what adds one more under a name and removes it again.
var jobSets = []struct {
	impl       string
	once, cron func(tb testing.TB, names []string) func(name string) bool
	most       int // more jobs take minutes to add
}{
	{"goflow-metered", goflowOnce, goflowCron, 100_000},
	{"robfig", robfigOnce, robfigCron, 100_000},
	{"netresearch", netresearchOnce, netresearchCron, 100_000},
	{"gocron", gocronOnce, gocronCron, 100_000},
	{"go-quartz", quartzOnce, quartzCron, 1000},
}

// BenchmarkJob schedules a job that is to run once, in an hour or two, and cancels it.
func BenchmarkJob(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("present=%d", n), func(b *testing.B) {
			names := jobNames("job", n)
			for _, s := range jobSets {
				if n <= s.most {
					b.Run("impl="+s.impl+"/serial", func(b *testing.B) { addAndRemove(b, s.once, names) })
				}
			}
			runtime.KeepAlive(names)
		})
	}
}

// BenchmarkCronJob adds a job by a cron expression and removes it.
func BenchmarkCronJob(b *testing.B) {
	names := jobNames("job", 1000)
	b.Run("present=1000", func(b *testing.B) {
		for _, s := range jobSets {
			b.Run("impl="+s.impl+"/serial", func(b *testing.B) { addAndRemove(b, s.cron, names) })
		}
	})
}

func addAndRemove(b *testing.B, make func(testing.TB, []string) func(string) bool, names []string) {
	b.Helper()
	before, _ := side.Heap()
	do := make(b, names)
	after, _ := side.Heap()
	spare, i := jobNames("spare", 64), 0
	side.Serial(b, func() bool {
		i++
		return do(spare[i%len(spare)])
	}, true)
	if len(names) >= 100_000 {
		b.ReportMetric((after-before)/float64(len(names)), "B/job")
	}
}

func jobNames(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%06d", prefix, i)
	}
	return names
}

// newJobSet fills a scheduler and starts it.
func newJobSet[H any](
	tb testing.TB, names []string, start func(), add func(name string) (H, error), remove func(H) error,
) func(string) bool {
	tb.Helper()
	for _, name := range names {
		if _, err := add(name); err != nil {
			tb.Fatal(err)
		}
	}
	start()
	return func(name string) bool {
		h, err := add(name)
		return err == nil && remove(h) == nil
	}
}

// later is a delay far from now.
func later() time.Duration { return time.Hour + rand.N(time.Hour) }

// The expression every cron job has, in five fields and as go-quartz reads it.
const (
	weekdays       = "30 2 * * MON-FRI"
	quartzWeekdays = "0 30 2 ? * MON-FRI"
)

// at is robfig's schedule of what runs once: the library has none.
type at struct{ time time.Time }

// Next gives the zero time, which is never, when the time has come.
func (a at) Next(after time.Time) time.Time {
	if after.Before(a.time) {
		return a.time
	}
	return time.Time{}
}

func robfigOnce(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newRobfigSet(tb, names, func(c *cron.Cron) (cron.EntryID, error) {
		return c.Schedule(at{time.Now().Add(later())}, cron.FuncJob(func() {})), nil
	})
}

func robfigCron(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newRobfigSet(tb, names, func(c *cron.Cron) (cron.EntryID, error) { return c.AddFunc(weekdays, func() {}) })
}

// newRobfigSet makes jobs that robfig has no names for.
func newRobfigSet(tb testing.TB, names []string, add func(*cron.Cron) (cron.EntryID, error)) func(string) bool {
	tb.Helper()
	c := cron.New(cron.WithLocation(newYork))
	tb.Cleanup(func() { <-c.Stop().Done() })
	return newJobSet(tb, names, c.Start,
		func(string) (cron.EntryID, error) { return add(c) },
		func(id cron.EntryID) error {
			c.Remove(id)
			return nil
		})
}

func netresearchOnce(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newNetresearchSet(tb, names, func(c *netresearch.Cron, name string) (netresearch.EntryID, error) {
		return c.ScheduleOnceJob(netresearch.Every(later()), netresearch.FuncJob(func() {}), netresearch.WithName(name))
	})
}

func netresearchCron(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newNetresearchSet(tb, names, func(c *netresearch.Cron, name string) (netresearch.EntryID, error) {
		return c.AddFunc(weekdays, func() {}, netresearch.WithName(name))
	})
}

func newNetresearchSet(
	tb testing.TB, names []string, add func(*netresearch.Cron, string) (netresearch.EntryID, error),
) func(string) bool {
	tb.Helper()
	c := netresearch.New(netresearch.WithLocation(newYork))
	tb.Cleanup(func() { <-c.Stop().Done() })
	return newJobSet(tb, names, c.Start,
		func(name string) (netresearch.EntryID, error) { return add(c, name) },
		func(id netresearch.EntryID) error {
			c.Remove(id)
			return nil
		})
}

func newGocron(tb testing.TB) gocron.Scheduler {
	tb.Helper()
	s, err := gocron.NewScheduler(gocron.WithLocation(newYork))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func gocronOnce(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newGocronSet(tb, names, func() gocron.JobDefinition {
		return gocron.OneTimeJob(gocron.OneTimeJobStartDateTime(time.Now().Add(later())))
	})
}

func gocronCron(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newGocronSet(tb, names, func() gocron.JobDefinition { return gocron.CronJob(weekdays, false) })
}

func newGocronSet(tb testing.TB, names []string, define func() gocron.JobDefinition) func(string) bool {
	tb.Helper()
	s := newGocron(tb)
	return newJobSet(tb, names, s.Start, func(name string) (uuid.UUID, error) {
		j, err := s.NewJob(define(), gocron.NewTask(func() {}), gocron.WithName(name))
		if err != nil {
			return uuid.Nil, err
		}
		return j.ID(), nil
	}, s.RemoveJob)
}

func newQuartz(tb testing.TB) quartz.Scheduler {
	tb.Helper()
	s, err := quartz.NewStdScheduler()
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background()
	tb.Cleanup(func() {
		s.Stop()
		s.Wait(ctx)
	})
	return s
}

func quartzOnce(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newQuartzSet(tb, names, func() (quartz.Trigger, error) { return quartz.NewRunOnceTrigger(later()), nil })
}

func quartzCron(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newQuartzSet(tb, names, func() (quartz.Trigger, error) {
		return quartz.NewCronTriggerWithLoc(quartzWeekdays, newYork)
	})
}

func newQuartzSet(tb testing.TB, names []string, define func() (quartz.Trigger, error)) func(string) bool {
	tb.Helper()
	s := newQuartz(tb)
	ctx := context.Background()
	nothing := job.NewFunctionJob(func(context.Context) (struct{}, error) { return struct{}{}, nil })
	return newJobSet(tb, names, func() { s.Start(ctx) }, func(name string) (*quartz.JobKey, error) {
		key := quartz.NewJobKey(name)
		trigger, err := define()
		if err != nil {
			return nil, err
		}
		return key, s.ScheduleJob(quartz.NewJobDetail(nothing, key), trigger)
	}, s.DeleteJob)
}
