package sched_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// epoch is a round time of the tests.
var epoch = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// times asks a trigger n times, each time with its last answer.
func times(t sched.Trigger, after time.Time, n int) (list []time.Time) {
	for range n {
		next, ok := t.Next(after)
		if !ok {
			return list
		}
		list = append(list, next)
		after = next
	}
	return list
}

// clocks shows times of the day.
func clocks(list []time.Time) string {
	var s []string
	for _, t := range list {
		s = append(s, t.Format("15:04:05.999"))
	}
	return strings.Join(s, " ")
}

func TestTriggersAreDueWhenTheySay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trigger sched.Trigger
		after   time.Time
		want    string
	}{
		"every is due at round times":                  {sched.Every(time.Hour), epoch.Add(time.Second), "13:00:00 14:00:00 15:00:00"},
		"every is due after the time it is asked with": {sched.Every(time.Minute), epoch, "12:01:00 12:02:00 12:03:00"},
		"every knows fractions":                        {sched.Every(250 * time.Millisecond), epoch.Add(1), "12:00:00.25 12:00:00.5 12:00:00.75"},
		"every from is due at its start":               {sched.EveryFrom(epoch.Add(7*time.Second), time.Minute), epoch, "12:00:07 12:01:07 12:02:07"},
		"every from goes back from its start":          {sched.EveryFrom(epoch.Add(time.Hour+7*time.Second), time.Minute), epoch, "12:00:07 12:01:07 12:02:07"},
		"every from may start before the epoch":        {sched.EveryFrom(time.Unix(-7, 0), time.Minute), epoch, "12:00:53 12:01:53 12:02:53"},
		"at is due once":                               {sched.At(epoch.Add(time.Minute)), epoch, "12:01:00"},
		"at is not due when it is over":                {sched.At(epoch), epoch, ""},
		"a union is due when one of its triggers is":   {sched.Union(sched.Every(time.Hour), sched.EveryFrom(epoch.Add(time.Minute), time.Hour)), epoch, "12:01:00 13:00:00 13:01:00"},
		"a union is due once at a time":                {sched.Union(sched.Every(time.Hour), sched.Every(30*time.Minute)), epoch, "12:30:00 13:00:00 13:30:00"},
		"a union goes on when one trigger has ended":   {sched.Union(sched.At(epoch.Add(time.Second)), sched.Every(time.Hour)), epoch, "12:00:01 13:00:00 14:00:00"},
		"cron is due by its zone":                      {sched.Cron("30 14 * * *", "Europe/Paris"), epoch, "14:30:00 14:30:00 14:30:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := clocks(times(c.trigger, c.after, 3)); got != c.want {
				t.Errorf("due %q, want %q", got, c.want)
			}
		})
	}
}

func TestEveryNeverDriftsAndHasNoGaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(100*time.Hour)).Draw(t, "d"))
		start := time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "start"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
		after := time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "after"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos after"))
		next, ok := sched.EveryFrom(start, d).Next(after)
		if !ok || !next.After(after) || next.Sub(after) > d {
			t.Fatalf("after %v comes %v, %v: not within %v", after, next, ok, d)
		}
		if (next.UnixNano()-start.UnixNano())%int64(d) != 0 {
			t.Fatalf("%v is not a multiple of %v from %v", next, d, start)
		}
	})
}

func TestEveryEndsBeforeTimeDoes(t *testing.T) {
	t.Parallel()
	for _, far := range []time.Time{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(math.MaxInt64, 0)} {
		if next, ok := sched.Every(time.Second).Next(far); ok && !next.After(far) {
			t.Errorf("after %v comes %v", far, next)
		}
	}
}

func TestAfterIsDueOnceWhenSoMuchTimeHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trigger, now := sched.After(time.Minute), time.Now()
		if next, ok := trigger.Next(now); !ok || next.Sub(now) != time.Minute {
			t.Errorf("due in %v, %v, want in a minute", next.Sub(now), ok)
		}
		if next, ok := trigger.Next(now.Add(time.Minute)); ok {
			t.Errorf("due again, at %v", next)
		}
		if _, ok := sched.After(0).Next(now); !ok {
			t.Error("after nothing it is never due, want at once")
		}
	})
}

func TestWrongTriggersAreErrorsThatNameJobFieldAndValue(t *testing.T) {
	t.Parallel()
	good := sched.Every(time.Second)
	for name, c := range map[string]struct {
		trigger sched.Trigger
		want    string
	}{
		"none":                           {nil, "trigger must not be nil"},
		"no interval":                    {sched.Every(0), "Every must be at least 1ms, got 0s"},
		"a negative interval":            {sched.Every(-time.Second), "Every must be at least 1ms, got -1s"},
		"an interval too short":          {sched.EveryFrom(epoch, time.Microsecond), "Every must be at least 1ms, got 1µs"},
		"a negative delay":               {sched.After(-1), "After must not be negative, got -1ns"},
		"a time that is over":            {sched.At(time.Unix(0, 0)), "must be due at least once from now on"},
		"a union of nothing":             {sched.Union(), "Union must have at least one trigger"},
		"a wrong trigger in a union":     {sched.Union(good, sched.Every(0)), "Union: trigger 2: Every must be"},
		"a wrong expression":             {sched.Cron("60 * * * *", ""), "minute"},
		"an unknown zone":                {sched.Cron("* * * * *", "Mars/Olympus"), "zone must be a time zone"},
		"no spread":                      {sched.Jitter(good, sched.Spread{}), "Jitter must be Uniform, Gaussian, Exponential or Full"},
		"a negative spread":              {sched.Jitter(good, sched.Uniform(-1)), "Uniform must be above 0, got -1ns"},
		"a deviation of nothing":         {sched.Jitter(good, sched.Gaussian(time.Second, 0)), "Gaussian must have a deviation above 0"},
		"a wrong trigger under jitter":   {sched.Jitter(sched.Every(0), sched.Full()), "Jitter: Every must be"},
		"no window":                      {sched.Between(good), "Between must have at least one window"},
		"a window that is no time":       {sched.Between(good, sched.Window{From: "25:00"}), `window 1: From must be a time such as "09:00", got "25:00"`},
		"a window in an unknown zone":    {sched.Between(good, sched.Window{Zone: "Mars/Olympus"}), "Zone must be a time zone"},
		"a window on no day":             {sched.Between(good, sched.Window{Days: []time.Weekday{9}}), "Days must be weekdays, got 9"},
		"a wrong trigger within windows": {sched.Between(nil, sched.Window{}), "Between: trigger must not be nil"},
		"no load":                        {sched.Adaptive(sched.AdaptiveConfig{Min: time.Second, Max: time.Minute}, nil), "Adaptive must have a load"},
		"no longest interval":            {sched.Adaptive(sched.AdaptiveConfig{Min: time.Second}, func() float64 { return 0 }), "Max must be at least Min, got 0s"},
		"no shortest interval":           {sched.NewBackoff(sched.AdaptiveConfig{Max: time.Second}), "Min must be at least 1ms, got 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScheduler(t, sched.Config{})
			_, err := s.Schedule(t.Context(), "report", c.trigger, well)
			if !errors.Is(err, core.ErrInvalid) || core.ErrorType(err) != core.TypeInvalid {
				t.Fatalf("got %v, want an invalid trigger", err)
			}
			if !strings.HasPrefix(err.Error(), `sched: "report": `) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q in it", err, c.want)
			}
			if n := s.Stats().Jobs; n != 0 {
				t.Errorf("%d jobs are scheduled", n)
			}
		})
	}
}
