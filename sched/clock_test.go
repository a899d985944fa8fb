package sched_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// at15 is due at a quarter past each hour, by the wall clock.
type at15 struct{}

func (at15) Next(after time.Time) (time.Time, bool) {
	t := after.Truncate(time.Hour).Add(15 * time.Minute)
	if !t.After(after) {
		t = t.Add(time.Hour)
	}
	return t, true
}

func TestAStepOfTheWallClockIsNoticedWithin30s(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trigger sched.Trigger
		step    time.Duration
		rule    sched.Misfire
		want    string // wall clock times of runs within two hours from 00:10, by the clock before the step
		missed  int64
	}{
		"forward over a time: it is made up for once": {at15{}, time.Hour, sched.RunOnce, "01:10:30 01:15:00 02:15:00", 0},
		"forward over many: the last is made up for":  {at15{}, 5 * time.Hour, sched.RunOnce, "05:10:30 05:15:00 06:15:00", 4},
		"forward over a time that is skipped":         {at15{}, time.Hour, sched.SkipMissed, "01:15:00 02:15:00", 1},
		"back: what ran does not run again":           {at15{}, -5 * time.Minute, sched.RunOnce, "00:15:00 01:15:00", 0},
		"back by days: the clock was wrong":           {at15{}, -48 * time.Hour, sched.RunOnce, "00:15:00 01:15:00", 0},
		"an interval goes on, forward":                {sched.Every(40 * time.Minute), time.Hour, sched.RunOnce, "01:20:00 02:00:00 02:40:00", 0},
		"an interval goes on, back":                   {sched.Every(40 * time.Minute), -time.Hour, sched.RunOnce, "23:20:00 00:00:00 00:40:00", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rec := telemetrytest.New(t)
				pass(10 * time.Minute)
				var clock sched.WallClock
				s := newScheduler(t, sched.Config{}, to(rec), sched.WithWallClock(&clock))
				var ran []string
				j := schedule(t, s, c.trigger, func(context.Context) error {
					ran = append(ran, clock.Now().UTC().Format("15:04:05"))
					return nil
				}, sched.WithMisfire(c.rule))
				clock.Step(c.step)
				begin := time.Now()
				for len(rec.Logs()) == 0 && time.Since(begin) < time.Minute {
					pass(time.Second)
				}
				if took := time.Since(begin); took > 30*time.Second {
					t.Errorf("the step was noticed after %v, want within 30s", took)
				}
				rec.RequireEvent(flowconv.EventSchedulerClockStep, flowconv.SchedulerNameKey.String("maintenance"),
					flowconv.SchedulerClockStepKey.Float64(c.step.Seconds()))
				pass(2*time.Hour - time.Since(begin))
				if got := strings.Join(ran, " "); got != c.want {
					t.Errorf("ran at %q, want %q", got, c.want)
				}
				if got := j.Stats().Missed; got != c.missed {
					t.Errorf("%d missed, want %d", got, c.missed)
				}
			})
		})
	}
}

func TestAStepBackDoesNotRepeatWhatRan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock sched.WallClock
		s := newScheduler(t, sched.Config{}, sched.WithWallClock(&clock))
		seen := map[string]int{}
		schedule(t, s, at15{}, func(ctx context.Context) error {
			o, _ := core.OccurrenceOf(ctx)
			seen[o.Time.UTC().Format(time.TimeOnly)]++
			return nil
		})
		pass(80 * time.Minute) // 00:15 and 01:15 ran
		clock.Step(-time.Hour)
		pass(3 * time.Hour) // 01:15 again at first
		if got := fmt.Sprint(seen); got != "map[00:15:00:1 01:15:00:1 02:15:00:1 03:15:00:1]" {
			t.Errorf("ran %s, want each once", got)
		}
	})
}

func TestAfterGoesByElapsedTimeWhateverTheWallClockDoes(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Hour, -time.Hour, 1000 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var clock sched.WallClock
			s := newScheduler(t, sched.Config{}, sched.WithWallClock(&clock))
			begin := time.Now()
			var took time.Duration
			schedule(t, s, sched.After(10*time.Minute), func(context.Context) error {
				took = time.Since(begin)
				return nil
			})
			pass(time.Minute)
			clock.Step(step)
			pass(time.Hour)
			if took != 10*time.Minute {
				t.Errorf("with a step of %v it ran after %v, want 10m", step, took)
			}
		})
	}
}

func TestAClockThatIsSlewedIsFollowedWithoutAWord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		var clock sched.WallClock
		s := newScheduler(t, sched.Config{}, to(rec), sched.WithWallClock(&clock))
		var off []time.Duration
		schedule(t, s, at15{}, func(context.Context) error {
			now := clock.Now()
			off = append(off, now.Sub(now.Round(time.Minute)))
			return nil
		})
		for i := range 480 {
			pass(time.Minute)
			slew := 7 * time.Millisecond // 117 ppm
			if i >= 240 {
				slew = -slew
			}
			clock.Step(slew)
		}
		for i, d := range off {
			if d < 0 || d > 20*time.Millisecond {
				t.Errorf("run %d was %v late, want never early", i, d)
			}
		}
		if len(off) != 8 || len(rec.Logs()) != 0 {
			t.Errorf("%d runs and %d events, want 8 and none", len(off), len(rec.Logs()))
		}
	})
}
