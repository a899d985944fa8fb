package sched_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/sched"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestBetweenIsDueWithinItsWindowsOnly(t *testing.T) {
	t.Parallel()
	hourly := sched.Every(time.Hour)
	workdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	monday := epoch.Truncate(24 * time.Hour) // a Monday
	for name, c := range map[string]struct {
		trigger sched.Trigger
		after   time.Time
		want    string // days and hours
	}{
		"in a window of the day":            {sched.Between(hourly, sched.Window{From: "09:00", To: "11:00"}), monday, "Mon 09, Mon 10, Tue 09, Tue 10"},
		"in a window of the night":          {sched.Between(hourly, sched.Window{From: "23:00", To: "01:00"}), monday.Add(time.Hour), "Mon 23, Tue 00, Tue 23, Wed 00"},
		"on days a window begins on":        {sched.Between(hourly, sched.Window{From: "22:30", To: "01:30", Days: []time.Weekday{time.Friday}}), monday, "Fri 23, Sat 00, Sat 01, Fri 23"},
		"on workdays":                       {sched.Between(hourly, sched.Window{From: "12:00", To: "13:00", Days: workdays}), monday.AddDate(0, 0, 3), "Thu 12, Fri 12, Mon 12, Tue 12"},
		"in several windows":                {sched.Between(hourly, sched.Window{From: "09:00", To: "10:00"}, sched.Window{From: "17:00", To: "18:00"}), monday, "Mon 09, Mon 17, Tue 09, Tue 17"},
		"in windows that overlap":           {sched.Between(hourly, sched.Window{From: "09:00", To: "11:00"}, sched.Window{From: "10:00", To: "12:00"}), monday, "Mon 09, Mon 10, Mon 11, Tue 09"},
		"in a window of all day":            {sched.Between(sched.Every(12*time.Hour), sched.Window{}), monday, "Mon 12, Tue 00, Tue 12, Wed 00"},
		"up to the end of the day":          {sched.Between(hourly, sched.Window{From: "22:00", To: "24:00"}), monday, "Mon 22, Mon 23, Tue 22, Tue 23"},
		"around the clock on some days":     {sched.Between(sched.Every(6*time.Hour), sched.Window{From: "12:00", To: "12:00", Days: []time.Weekday{time.Sunday}}), monday, "Mon 06, Sun 12, Sun 18, Mon 00"},
		"never when the trigger never is":   {sched.Between(hourly, sched.Window{From: "09:10", To: "09:50"}), monday, ""},
		"not when the trigger is over":      {sched.Between(sched.At(monday.Add(9*time.Hour)), sched.Window{From: "10:00"}), monday, ""},
		"when a one-time trigger is inside": {sched.Between(sched.At(monday.Add(9*time.Hour)), sched.Window{From: "08:00"}), monday, "Mon 09"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			for _, due := range times(c.trigger, c.after, 4) {
				if got != "" {
					got += ", "
				}
				got += due.UTC().Format("Mon 15")
			}
			if got != c.want {
				t.Errorf("due %q, want %q", got, c.want)
			}
		})
	}
}

func TestBetweenGoesByTheClocksOfItsZone(t *testing.T) {
	t.Parallel()
	paris := zone(t, "Europe/Paris")
	trigger := sched.Between(sched.Every(30*time.Minute), sched.Window{From: "02:00", To: "04:00", Zone: "Europe/Paris"})
	for name, c := range map[string]struct {
		day  time.Time
		want []string
	}{
		"an ordinary day":                  {time.Date(2026, 3, 28, 0, 0, 0, 0, paris), []string{"02:00+0100", "02:30+0100", "03:00+0100", "03:30+0100"}},
		"the day that skips the hour of 2": {time.Date(2026, 3, 29, 0, 0, 0, 0, paris), []string{"03:00+0200", "03:30+0200"}},
		"the day that has the hour twice": {
			time.Date(2026, 10, 25, 0, 0, 0, 0, paris),
			[]string{"02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100", "03:00+0100", "03:30+0100"},
		},
	} {
		var got []string
		for _, due := range times(trigger, c.day, len(c.want)) {
			got = append(got, due.In(paris).Format("15:04-0700"))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: due %v, want %v", name, got, c.want)
		}
	}
}

// The model walks the trigger's times one by one and asks of each whether the clock is within a window.
func TestBetweenEqualsAWalkThroughAllTimes(t *testing.T) {
	t.Parallel()
	zones := []string{"", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		from := rapid.IntRange(0, 23).Draw(t, "from")
		hours := rapid.IntRange(1, 24).Draw(t, "hours")
		weekday := time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))
		clock := func(h int) string { return time.Date(2000, 1, 1, h%24, 0, 0, 0, time.UTC).Format("15:04") }
		trigger := sched.Between(sched.Every(30*time.Minute), sched.Window{
			From: clock(from), To: clock(from + hours), Days: []time.Weekday{weekday}, Zone: name,
		})
		after := time.Unix(rapid.Int64Range(1.5e9, 2e9).Draw(t, "after"), 0)
		got, ok := trigger.Next(after)
		want := after.Truncate(30 * time.Minute).Add(30 * time.Minute)
		for !inside(want.In(loc), from, hours, weekday) {
			want = want.Add(30 * time.Minute)
		}
		if !ok || !got.Equal(want) {
			t.Fatalf("after %v: due %v, %v, want %v", after.In(loc), got.In(loc), ok, want.In(loc))
		}
	})
}

// inside asks by the clock alone: today's window or the part of yesterday's that is today.
func inside(t time.Time, from, hours int, day time.Weekday) bool {
	h := t.Hour()
	if t.Weekday() == day && h >= from && h < from+hours {
		return true
	}
	return t.AddDate(0, 0, -1).Weekday() == day && h+24 < from+hours
}
