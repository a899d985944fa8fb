package cron_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/sched/cron"
)

// TestChangesOfTheClocks holds the table of the package's documentation, and more like it.
func TestChangesOfTheClocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, zone, after, expr, want string }{
		{"a time in a gap fires at the jump", "America/New_York", "2026-03-08T00:00", "30 2 * * *", "08 03:00 -0400, 09 02:30 -0400"},
		{"all times in a gap fire once", "America/New_York", "2026-03-08T00:00", "0,30 2-3 * * *", "08 03:00 -0400, 08 03:30 -0400, 09 02:00 -0400"},
		{"a steady schedule goes on at a gap", "America/New_York", "2026-03-08T01:00", "*/30 * * * *", "08 01:30 -0500, 08 03:00 -0400, 08 03:30 -0400"},
		{"a time in an overlap fires once", "America/New_York", "2026-11-01T00:00", "30 1 * * *", "01 01:30 -0400, 02 01:30 -0500"},
		{"a steady schedule goes on at an overlap", "America/New_York", "2026-11-01T00:30", "0 * * * *", "01 01:00 -0400, 01 01:00 -0500, 01 02:00 -0500"},
		{"every second hour is fixed", "America/New_York", "2026-10-31T23:00", "0 */2 * * *", "01 00:00 -0400, 01 02:00 -0500, 01 04:00 -0500"},
		{"all 24 hours are steady however written", "America/New_York", "2026-11-01T00:30", "0 0-23 * * *", "01 01:00 -0400, 01 01:00 -0500, 01 02:00 -0500"},
		{"a gap of half an hour", "Australia/Lord_Howe", "2026-10-04T00:00", "15 2 * * *", "04 02:30 +1100, 05 02:15 +1100"},
		{"an overlap of half an hour", "Australia/Lord_Howe", "2026-04-05T00:00", "45 1 * * *", "05 01:45 +1100, 06 01:45 +1030"},
		{"noon on the day of a half hour's gap", "Australia/Lord_Howe", "2026-10-04T03:00", "*/28 12 * * *", "04 12:00 +1100, 04 12:28 +1100, 04 12:56 +1100"},
		{"no midnight in Sao Paulo", "America/Sao_Paulo", "2018-11-03T12:00", "0 0 * * *", "04 01:00 -0200, 05 00:00 -0200"},
		{"no midnight in Havana", "America/Havana", "2026-03-07T12:00", "0 0 * * *", "08 01:00 -0400, 09 00:00 -0400"},
		{"no midnight in Asuncion", "America/Asuncion", "2023-09-30T12:00", "30 0 * * *", "01 01:00 -0300, 02 00:30 -0300"},
		{"no midnight in Beirut", "Asia/Beirut", "2026-03-28T12:00", "@daily", "29 01:00 +0300, 30 00:00 +0300"},
		{"two midnights in Havana", "America/Havana", "2026-10-31T12:00", "30 0 * * *", "01 00:30 -0400, 02 00:30 -0500"},
		{"a skipped day fires at the jump", "Pacific/Apia", "2011-12-29T12:00", "0 9 * * *", "31 00:00 +1400, 31 09:00 +1400"},
		{"a skipped date fires at the jump", "Pacific/Apia", "2011-12-29T12:00", "0 9 30 12 *", "31 00:00 +1400, 30 09:00 +1400"},
		{"a skipped day does not touch steady schedules", "Pacific/Apia", "2011-12-29T22:30", "0 * * * *", "29 23:00 -1000, 31 00:00 +1400, 31 01:00 +1400"},
		{"a steady schedule misses a skipped date", "Pacific/Apia", "2011-12-29T12:00", "0 * 30 12 *", "30 00:00 +1400, 30 01:00 +1400"},
		{"Dublin, whose winter time is the saving", "Europe/Dublin", "2026-03-28T12:00", "30 1 * * *", "29 02:00 +0100, 30 01:30 +0100"},
		{"Casablanca, before Ramadan", "Africa/Casablanca", "2026-02-14T12:00", "30 2 * * *", "15 02:30 +0100, 16 02:30 +0000"},
		{"Casablanca, after Ramadan", "Africa/Casablanca", "2026-03-21T12:00", "30 2 * * *", "22 03:00 +0100, 23 02:30 +0100"},
		{"a change for good is a gap like any other", "Asia/Pyongyang", "2018-05-04T12:00", "45 23 * * *", "05 00:00 +0900, 05 23:45 +0900"},
		{"a change of two hours", "Antarctica/Troll", "2026-03-29T00:00", "30 1,2 * * *", "29 03:00 +0200, 30 01:30 +0200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			loc := zoneNamed(t, c.zone).loc
			at, err := time.ParseInLocation("2006-01-02T15:04", c.after, loc)
			if err != nil {
				t.Fatal(err)
			}
			s := parse(t, c.expr, loc)
			var got []string
			for range strings.Count(c.want, ",") + 1 {
				at, _ = s.Next(at)
				got = append(got, at.Format("02 15:04 -0700"))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("got %s, want %s", text, c.want)
			}
		})
	}
}

func TestNextEqualsAWalkThroughTheCalendar(t *testing.T) {
	t.Parallel()
	g := generator{rand.New(rand.NewPCG(2, 3))}
	for range 1500 {
		start := unix(1900+g.IntN(250)) + day*g.Int64N(365)
		wall := time.Unix(start, 0).UTC()
		expr := "0 12 " + g.date(wall) + " " + g.month(wall) + " " + g.weekday(wall)
		s, err := cron.Parse(expr, nil)
		if err != nil {
			if !strings.Contains(err.Error(), "never comes") {
				t.Fatal(err)
			}
			continue
		}
		o, want := newOracle(expr), []int64(nil)
		for at := start; at < start+600*day; at += day {
			if o.matches(at + day/2) {
				want = append(want, at+day/2)
			}
		}
		if got := follow(t, s, start, start+600*day); !slices.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", expr, clocks(got, time.UTC), clocks(want, time.UTC))
		}
	}
}

func TestLeapDaysAndRareDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, after, want string }{
		{"0 0 29 2 *", "2096-03-01", "2104-02-29"},
		{"0 0 29 2 *", "1999-01-01", "2000-02-29"},
		{"0 0 29 2 *", "1899-01-01", "1904-02-29"},
		{"0 0 L 2 *", "2027-03-01", "2028-02-29"},
		{"0 0 * 2 MON#5", "2088-01-01", "2112-02-29"},
		{"0 0 * 2 SAT#5", "2072-01-01", "2076-02-29"},
		{"0 0 31W * *", "2026-01-31", "2026-03-31"},
		{"0 0 1W * *", "2026-07-31", "2026-08-03"},
		{"0 0 LW * *", "2026-05-01", "2026-05-29"},
		{"0 0 L-30 * *", "2026-02-01", "2026-03-01"},
	} {
		after, err := time.Parse(time.DateOnly, c.after)
		if err != nil {
			t.Fatal(err)
		}
		if next, _ := parse(t, c.expr, nil).Next(after); next.Format(time.DateOnly) != c.want {
			t.Errorf("%q after %s: got %v, want %s", c.expr, c.after, next, c.want)
		}
	}
}

func TestNextEndsWithTheYear9999(t *testing.T) {
	t.Parallel()
	end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, loc := range []*time.Location{time.UTC, location(t, "America/New_York"), location(t, "Pacific/Kiritimati"), time.FixedZone("", -24*60*60)} {
		for _, expr := range []string{"* * * * * *", "0 0 29 2 *", "30 2 * * *", "@every 1ms", "@every 2562047h", "* * * 2 MON#5"} {
			s := parse(t, expr, loc)
			for _, after := range []time.Time{end.AddDate(0, 0, 2), time.Unix(1<<40, 0), time.Unix(math.MaxInt64, 0), time.Unix(math.MaxInt64-1<<36, 0)} {
				if next, ok := s.Next(after); ok {
					t.Errorf("%s after %v: got %v, want none", s, after, next)
				}
			}
			for _, after := range []time.Time{{}, time.Unix(math.MinInt64+1<<40, 0), time.Unix(-1<<40, 0), end.AddDate(-50, 0, 0), end.AddDate(0, 0, -2)} {
				if next, ok := s.Next(after); ok && (!next.After(after) || next.Year() > 9999) {
					t.Errorf("%s after %v: got %v, want one after it, by the year 9999", s, after, next)
				}
			}
		}
	}
	last := parse(t, "0 0 31 12 *", nil)
	if next, ok := last.Next(end.AddDate(-1, 0, 0)); !ok || next.Year() != 9999 {
		t.Errorf("got %v, want one in 9999", next)
	}
}

func TestNextIsStrictlyAfterFractionsOfASecond(t *testing.T) {
	t.Parallel()
	s := parse(t, "* * * * * *", nil)
	for nanos, want := range map[int64]int64{0: 11, 1: 11, 999_999_999: 11} {
		if next, _ := s.Next(time.Unix(10, nanos)); !next.Equal(time.Unix(want, 0)) {
			t.Errorf("after 10s and %dns: got %v, want %ds", nanos, next.UnixNano(), want)
		}
	}
	if next, _ := s.Next(time.Unix(-10, 1)); next.Unix() != -9 {
		t.Errorf("before 1970: got %v, want -9", next.Unix())
	}
}

func TestIntervalsAreMultiplesSince1970(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		every       string
		after, want time.Time
	}{
		{"90s", time.Unix(0, 0), time.Unix(90, 0)},
		{"90s", time.Unix(89, 999_999_999), time.Unix(90, 0)},
		{"90s", time.Unix(-1, 0), time.Unix(0, 0)},
		{"90s", time.Unix(-90, 0), time.Unix(0, 0)},
		{"90s", time.Unix(-91, 5), time.Unix(-90, 0)},
		{"1ms", time.Unix(5, 999_000_000), time.Unix(6, 0)},
		{"1.5ms", time.Unix(0, 1), time.Unix(0, 1_500_000)},
		{"24h", time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)},
		{"168h", time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)}, // a Thursday
		{"7s", time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix((13569465600/7+1)*7, 0)},
	} {
		s := parse(t, "@every "+c.every, location(t, "America/New_York"))
		if next, ok := s.Next(c.after); !ok || !next.Equal(c.want) || next.Location() != s.Location() {
			t.Errorf("%s after %v: got %v, want %v", s, c.after, next, c.want.In(s.Location()))
		}
		if !s.Steady() || s.Interval().String() == "" || s.Interval() == 0 {
			t.Errorf("%s: got steady %v, interval %v, want steady and not 0", s, s.Steady(), s.Interval())
		}
	}
}

func TestIntervalsAgreeAcrossReplicas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(int64(time.Millisecond), math.MaxInt64).Draw(t, "interval"))
		s, err := cron.Parse("@every "+d.String(), nil)
		if err != nil || s.Interval() != d {
			t.Fatalf("got %v, %v, want %v", s, err, d)
		}
		at := time.Unix(rapid.Int64Range(-1<<35, 1<<37).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
		next, ok := s.Next(at)
		if !ok {
			return
		}
		if !next.After(at) || next.Add(-d).After(at) {
			t.Fatalf("got %v after %v, want the first", next, at)
		}
		if again, _ := s.Next(next.Add(-1)); !again.Equal(next) {
			t.Fatalf("got %v, then %v, want the same", next, again)
		}
	})
}

func TestUTCEqualsAFixedZoneWithoutOffset(t *testing.T) {
	t.Parallel()
	g := generator{rand.New(rand.NewPCG(4, 5))}
	zero := time.FixedZone("zero", 0)
	for range 2000 {
		at := unix(1970) + g.Int64N(80*365*day)
		expr := g.expression(edge{at: at})
		s, err := cron.Parse(expr, nil)
		if err != nil {
			continue
		}
		fixed := parse(t, expr, zero)
		for range 5 {
			a, _ := s.Next(time.Unix(at, 0))
			b, _ := fixed.Next(time.Unix(at, 0))
			if !a.Equal(b) || b.Location() != zero {
				t.Fatalf("%q after %d: got %v in UTC and %v in a zone without offset, want the same", expr, at, a, b)
			}
			at = a.Unix()
		}
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	s := parse(t, "30 2 * * *", location(t, "America/New_York"))
	start := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	if got := testing.AllocsPerRun(100, func() { s.Next(start) }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
	if got := testing.AllocsPerRun(100, func() { _, _ = cron.Parse("*/5 * * * *", nil) }); got > 1 {
		t.Errorf("Parse: got %v allocations, want at most 1", got)
	}
}

func TestAScheduleIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	z := zoneNamed(t, "America/New_York")
	s, want := parse(t, "30 2 * * *", z.loc), map[int64]int64{}
	for _, e := range z.edges {
		next, _ := parse(t, "30 2 * * *", z.loc).Next(time.Unix(e.at-day, 0))
		want[e.at-day] = next.Unix()
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for after, at := range want {
				if next, _ := s.Next(time.Unix(after, 0)); next.Unix() != at {
					t.Errorf("after %d: got %d, want %d", after, next.Unix(), at)
				}
			}
		})
	}
	wg.Wait()
}

func TestSteadyIsWhatNamesAllHours(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]bool{
		"* * * * *": true, "5 */1 * * *": true, "0 0-23 * * *": true, "@hourly": true, "@every 1s": true,
		"0 */2 * * *": false, "0 1-23 * * *": false, "@daily": false,
	} {
		if got := parse(t, expr, nil).Steady(); got != want {
			t.Errorf("%q: got %v, want %v", expr, got, want)
		}
	}
}
