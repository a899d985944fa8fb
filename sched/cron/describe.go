package cron

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// maxTimes is how many times of day a description names one by one.
const maxTimes = 4

// Describe says in English when the schedule fires: "At 02:30, Monday to Friday (Europe/Paris)." The
// zone is left out when it is UTC.
func (s *Schedule) Describe() string {
	text := "Every " + unit(s.every)
	if s.every == 0 {
		text = s.times() + s.dates()
	}
	if s.loc != time.UTC {
		text += " (" + s.loc.String() + ")"
	}
	return text + "."
}

// unit reads as what follows "every": hour, 5 minutes, 1h30m10s.
func unit(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}, {time.Millisecond, "millisecond"}} {
		if n := d / u.size; n > 0 && n < 1000 && d%u.size == 0 {
			return several(int(n), u.name)
		}
	}
	return d.String()
}

// several reads as what follows "every": hour, 5 hours.
func several(n int, name string) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%d %ss", n, name)
}

// fewTimes tells whether the times of day are few enough to be named.
func (s *Schedule) fewTimes() bool {
	return bits.OnesCount32(s.hours)*bits.OnesCount64(s.minutes)*bits.OnesCount64(s.seconds) <= maxTimes
}

// times describes the times of day.
func (s *Schedule) times() string {
	if s.fewTimes() {
		return "At " + join(s.allTimes())
	}
	if s.seconds != 1 {
		return s.secondTimes()
	}
	if n := fields[hour].evenly(uint64(s.hours)); n > 0 && s.minutes == 1 {
		return "Every " + several(n, "hour")
	}
	if n := fields[minute].evenly(s.minutes); n > 0 {
		return "Every " + several(n, "minute") + s.hoursFromTo()
	}
	if oneBit(s.minutes) && len(fields[hour].runs(uint64(s.hours))) == 1 && !s.steady {
		return "Every hour" + s.hoursFromTo()
	}
	return "At " + numbered(minute, s.minutes) + s.ofHours()
}

// allTimes lists the times of day.
func (s *Schedule) allTimes() []string {
	var times []string
	for _, h := range ones(uint64(s.hours)) {
		for _, m := range ones(s.minutes) {
			for _, sec := range ones(s.seconds) {
				text := fmt.Sprintf("%02d:%02d", h, m)
				if s.seconds != 1 {
					text += fmt.Sprintf(":%02d", sec)
				}
				times = append(times, text)
			}
		}
	}
	return times
}

// secondTimes describes times that are not all at second 0.
func (s *Schedule) secondTimes() string {
	text := "At " + numbered(second, s.seconds)
	if n := fields[second].evenly(s.seconds); n > 0 {
		text = "Every " + several(n, "second")
	}
	switch {
	case s.minutes != fields[minute].all:
		return text + " of " + numbered(minute, s.minutes) + s.ofHours()
	case !s.steady:
		return text + s.ofHours()
	case text[0] == 'A':
		return text + " of every minute"
	}
	return text
}

// evenly is the n for which values come every n seconds, minutes or hours, without a shorter gap at the
// end; 0 when there is none.
func (f *field) evenly(values uint64) int {
	if values == f.all {
		return 1
	}
	if n := f.step(values); n > 0 && f.size%n == 0 {
		return n
	}
	return 0
}

// hoursFromTo describes the hours that the minutes are in, unless they are all.
func (s *Schedule) hoursFromTo() string {
	runs := fields[hour].runs(uint64(s.hours))
	if s.steady || len(runs) > 1 {
		return s.ofHoursUnlessAll()
	}
	last := 63 - bits.LeadingZeros64(s.minutes)
	return fmt.Sprintf(" from %02d:%02d to %02d:%02d", runs[0].from, bits.TrailingZeros64(s.minutes), runs[0].to, last)
}

// ofHours names the hours.
func (s *Schedule) ofHours() string {
	if s.steady {
		return " of every hour"
	}
	return s.ofHoursUnlessAll()
}

func (s *Schedule) ofHoursUnlessAll() string {
	if s.steady {
		return ""
	}
	return " of " + numbered(hour, uint64(s.hours))
}

// dates describes the days.
func (s *Schedule) dates() string {
	in, of := "", " of the month"
	if uint64(s.months) != fields[month].all {
		names := join(fields[month].list(uint64(s.months), monthName, " to "))
		in, of = " in "+names, " of "+names
	}
	if s.days.dates == allDates {
		if s.fewTimes() {
			return " every day" + in
		}
		return in
	}
	text := ""
	if named := s.days.named(); len(named) > 0 {
		text = " on " + join(named) + of
	}
	if week := s.days.week; week != 0 {
		text += s.weekDays(week, text != "") + in
	}
	return text
}

// weekDays names days of the week, alone or after others.
func (s *Schedule) weekDays(week uint8, more bool) string {
	text := join(fields[dayOfWeek].list(uint64(week), weekName, " to "))
	if oneBit(uint64(week)) {
		text = "on " + text + "s"
	}
	switch {
	case more:
		return ", and " + text
	case oneBit(uint64(week)):
		return " " + text
	}
	return ", " + text
}

// named describes the days that are counted in the month.
func (d *days) named() []string {
	var items []string
	if d.dates != 0 {
		items = append(items, numberedAs("day", date, uint64(d.dates)))
	}
	for _, n := range ones(uint64(d.last)) {
		if n == 0 {
			items = append(items, "the last day")
		} else {
			items = append(items, fmt.Sprintf("the last day but %d", n))
		}
	}
	for _, n := range ones(uint64(d.nearest)) {
		if n == 0 {
			items = append(items, "the last weekday")
		} else {
			items = append(items, fmt.Sprintf("the weekday nearest to day %d", n))
		}
	}
	for _, w := range ones(uint64(d.lastWeek)) {
		items = append(items, "the last "+weekName(w))
	}
	for _, n := range ones(d.nth) {
		ordinals := [...]string{"first", "second", "third", "fourth", "fifth"}
		items = append(items, "the "+ordinals[n/7]+" "+weekName(n%7))
	}
	return items
}

// numbered reads "minute 5", "minutes 0 to 4 and 30".
func numbered(k kind, values uint64) string { return numberedAs(fields[k].name, k, values) }

func numberedAs(name string, k kind, values uint64) string {
	if !oneBit(values) {
		name += "s"
	}
	return name + " " + join(fields[k].list(values, strconv.Itoa, " to "))
}

func monthName(m int) string { return time.Month(m).String() }
func weekName(w int) string  { return time.Weekday(w).String() }

func oneBit(set uint64) bool { return bits.OnesCount64(set) == 1 }

// join reads "a, b and c".
func join(items []string) string {
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " and " + items[last]
}
