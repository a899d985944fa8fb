package sched

import (
	"fmt"
	"slices"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/zone"
)

// Window is a part of the day, on some days.
type Window struct {
	// From and To are times of the clock, as in "09:00" or "22:30:15". The window has From in it and To
	// not. When To is not after From, it ends on the next day: "22:00" to "06:00" is a night, equal ones
	// are a day and a night. From defaults to "00:00", To to "24:00".
	From, To string
	// Days are the days on which the window begins. Defaults to all.
	Days []time.Weekday
	// Zone is whose clocks: "Europe/Paris". Defaults to UTC. A time that clocks skip is the moment of the
	// change; of one that comes twice it is the first.
	Zone string
}

// Between is due when t is, within one of the windows.
func Between(t Trigger, windows ...Window) Trigger {
	b := &between{Trigger: t}
	for i, w := range windows {
		p, err := w.parse()
		if err != nil {
			b.err = fmt.Errorf("Between: window %d: %w", i+1, err)
			return b
		}
		b.windows = append(b.windows, p)
	}
	if len(windows) == 0 {
		b.err = &core.Fault{Field: "Between", Value: 0, Want: "must have at least one window"}
	}
	return b
}

// window is a Window that was read.
type window struct {
	from, to int // seconds of the day; to is above a day when it is on the next
	days     [7]bool
	loc      *time.Location
}

const day = 24 * 60 * 60

func (w Window) parse() (p window, err error) {
	var faults core.Faults
	from, ok := clockTime(w.From, 0)
	faults.Require(ok && from < day, "From", w.From, `must be a time such as "09:00"`)
	to, ok := clockTime(w.To, day)
	faults.Require(ok, "To", w.To, `must be a time such as "17:30"`)
	loc, err := zone.Load(w.Zone)
	faults.Require(err == nil, "Zone", w.Zone, `must be a time zone such as "Europe/Paris"`)
	p = window{from: from, to: to, loc: loc}
	if to <= from {
		p.to += day
	}
	for _, d := range w.Days {
		faults.Require(d >= time.Sunday && d <= time.Saturday, "Days", int(d), "must be weekdays")
		if d >= time.Sunday && d <= time.Saturday {
			p.days[d] = true
		}
	}
	if len(w.Days) == 0 {
		p.days = [7]bool{true, true, true, true, true, true, true}
	}
	return p, faults.Err()
}

// clockTime reads "15:04" or "15:04:05" as seconds of the day; 24:00 is its end.
func clockTime(text string, absent int) (seconds int, ok bool) {
	switch text {
	case "":
		return absent, true
	case "24:00", "24:00:00":
		return day, true
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil && len(text) == len(layout) {
			return t.Hour()*3600 + t.Minute()*60 + t.Second(), true
		}
	}
	return 0, false
}

// span gives the window that begins on the day of t, a few days on.
func (w *window) span(t time.Time, days int) (from, to time.Time, ok bool) {
	y, m, d := t.In(w.loc).Date()
	noon := time.Date(y, m, d+days, 12, 0, 0, 0, w.loc)
	y, m, d = noon.Date()
	return w.clock(y, m, d, w.from), w.clock(y, m, d, w.to), w.days[noon.Weekday()]
}

// clock is the moment when the clocks of the day first show seconds, or pass over them.
func (w *window) clock(y int, m time.Month, d, seconds int) time.Time {
	t := time.Date(y, m, d, 0, 0, seconds, 0, w.loc)
	if h, mi, s := t.Clock(); h*3600+mi*60+s != seconds%day { // skipped: time.Date went by one of the offsets
		start, end := t.ZoneBounds()
		if !end.IsZero() && end.Sub(t) < t.Sub(start) {
			return end
		}
		return start
	}
	if start, _ := t.ZoneBounds(); !start.IsZero() { // shown twice when the offset before shows it too
		_, before := start.Add(-1).Zone()
		_, now := t.Zone()
		if earlier := t.Add(time.Duration(now-before) * time.Second); before > now && earlier.Before(start) {
			return earlier
		}
	}
	return t
}

// holds reports whether t is within the window.
func (w *window) holds(t time.Time) bool {
	for days := -1; days <= 0; days++ {
		if from, to, ok := w.span(t, days); ok && !t.Before(from) && t.Before(to) {
			return true
		}
	}
	return false
}

// opens is the first time after t at which the window begins.
func (w *window) opens(t time.Time) time.Time {
	for days := range 9 {
		if from, _, ok := w.span(t, days); ok && from.After(t) {
			return from
		}
	}
	return time.Time{} // not reached: some day of the week has a window
}

type between struct {
	Trigger
	windows []window
	err     error
}

// maxOpenings bounds the search for a time within a window: ten years of days.
const maxOpenings = 3660

func (b *between) Next(after time.Time) (time.Time, bool) {
	if b.err != nil {
		return time.Time{}, false
	}
	for range maxOpenings {
		t, ok := b.Trigger.Next(after)
		if !ok || slices.ContainsFunc(b.windows, func(w window) bool { return w.holds(t) }) {
			return t, ok
		}
		opens := b.windows[0].opens(t)
		for i := range b.windows[1:] {
			if o := b.windows[i+1].opens(t); o.Before(opens) {
				opens = o
			}
		}
		after = opens.Add(-1)
	}
	return time.Time{}, false
}

func (b *between) pace() pace { return min(steady, paceOf(b.Trigger)) }

func (b *between) check() error {
	if b.err != nil {
		return b.err
	}
	if err := checkTrigger(b.Trigger); err != nil {
		return fmt.Errorf("Between: %w", err)
	}
	return nil
}
