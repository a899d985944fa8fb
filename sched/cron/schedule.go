package cron

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Schedule is a parsed cron expression. It does not change, and any number of goroutines may use it.
// [Schedule.Next] is the method most callers want. Make one with [Parse]; the zero Schedule is not
// ready to use.
type Schedule struct {
	loc      *time.Location
	seconds  uint64        // bit n: second n
	minutes  uint64        // bit n: minute n
	hours    uint32        // bit n: hour n
	months   uint16        // bit n: month n, from 1
	steady   bool          // the hours are all
	earliest int32         // the first time of day, in seconds
	days     days          // which days of a month
	every    time.Duration // of @every; the fields above are unused then

	// current caches the window that was looked at last. Whoever finds another replaces it: a stale
	// one is slower, never wrong.
	current atomic.Pointer[window]
}

// Years 1 to 9999, with room for any offset at the end.
const (
	minUnix = -62135596800
	maxUnix = 253402300799 + margin
)

// Location is the zone whose wall clock the schedule follows.
func (s *Schedule) Location() *time.Location { return s.loc }

// Steady tells whether the runs follow elapsed time, through every change of the clocks: those of @every
// do, and those of an expression that names all hours.
func (s *Schedule) Steady() bool { return s.steady }

// Interval is the interval of @every, and 0 for other expressions.
func (s *Schedule) Interval() time.Duration { return s.every }

// Next gives the first occurrence strictly after an instant, in the schedule's zone; false when there
// is none in the years 1 to 9999. Occurrences are on whole seconds, but for those of @every. Next
// does not block, and allocates only when it crosses a change of the clocks.
func (s *Schedule) Next(after time.Time) (time.Time, bool) {
	if s.every > 0 {
		return s.nextMultiple(after)
	}
	unix := after.Unix()
	if unix >= maxUnix {
		return time.Time{}, false
	}
	unix, ok := s.firstInZone(max(unix+1, minUnix))
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(unix, 0).In(s.loc), true
}

// firstInZone is the first occurrence at or after an instant. A fixed time occurs at the first instant
// at which the wall clock shows it or a later time. So at the start of a window, what the clock jumped
// over is due, and after it, what the clock showed before is done.
func (s *Schedule) firstInZone(unix int64) (int64, bool) {
	if s.loc == time.UTC {
		return s.first(unix)
	}
	for {
		w := s.window(unix)
		from := unix + w.offset
		if !s.steady && (unix == w.start || from < w.reached) {
			from = w.reached
		}
		wall, ok := s.first(from)
		if !ok {
			return 0, false
		}
		if at := max(wall-w.offset, unix); at < w.end {
			return at, true
		}
		near := w.end-unix < margin // the clock may yet go back, and show times before wall again
		unix = w.end
		if !near {
			unix = max(unix, wall-margin)
		}
	}
}

// window is the window that holds an instant.
func (s *Schedule) window(unix int64) *window {
	w := s.current.Load()
	if w == nil || unix < w.start || unix >= w.end {
		w = windowAt(unix, s.loc)
		s.current.Store(w)
	}
	return w
}

// first is the first wall-clock time that matches, at or after one.
func (s *Schedule) first(wall int64) (int64, bool) {
	day := (wall+epochDay*daySeconds)/daySeconds - epochDay
	year, month, date := civil(day)
	if s.months>>month&1 != 0 && year <= lastYear {
		start := day - int64(date) + 1
		found := s.days.in(monthLength(year, month), weekday(start))
		if found>>date&1 != 0 {
			if clock := s.clock(int(wall - day*daySeconds)); clock >= 0 {
				return day*daySeconds + int64(clock), true
			}
		}
		if later := found >> date >> 1; later != 0 {
			return s.opening(day + 1 + int64(bits.TrailingZeros32(later))), true
		}
	}
	return s.firstAfterMonth(year, month)
}

// firstAfterMonth is the first wall-clock time that matches after a month.
func (s *Schedule) firstAfterMonth(year, month int) (int64, bool) {
	for {
		later := s.months >> month >> 1
		if later == 0 {
			if year >= lastYear {
				return 0, false
			}
			year, month, later = year+1, 0, s.months>>1
		}
		month += 1 + bits.TrailingZeros16(later)
		start := monthStart(year, month)
		if found := s.days.in(monthLength(year, month), weekday(start)); found != 0 {
			return s.opening(start + int64(bits.TrailingZeros32(found)) - 1), true
		}
	}
}

// opening is the first time that matches on a day that does.
func (s *Schedule) opening(day int64) int64 { return day*daySeconds + int64(s.earliest) }

// clock is the first time of day that matches, at or after one, in seconds; -1 when there is none.
func (s *Schedule) clock(from int) int {
	hour, minute, second := from/3600, from/60%60, from%60
	if s.hours>>hour&1 != 0 {
		if s.minutes>>minute&1 != 0 {
			if later := s.seconds >> second; later != 0 {
				return from + bits.TrailingZeros64(later)
			}
		}
		if later := s.minutes >> minute >> 1; later != 0 {
			minute += 1 + bits.TrailingZeros64(later)
			return hour*3600 + minute*60 + bits.TrailingZeros64(s.seconds)
		}
	}
	later := s.hours >> hour >> 1
	if later == 0 {
		return -1
	}
	return (hour+1+bits.TrailingZeros32(later))*3600 + int(s.earliest)%3600
}
