package cron_test

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// oracle is the slow and obvious model of a schedule: sets of values, and a walk through real time.
type oracle struct {
	second, minute, hour [60]bool
	steady               bool
	dom, mon, dow        string
	dayMatches           map[int64]bool // by days since 1970, remembered
}

// newOracle reads a valid expression without macros or zone, in upper case.
func newOracle(expr string) *oracle {
	f := strings.Fields(expr)
	if len(f) == 5 {
		f = append([]string{"0"}, f...)
	}
	o := &oracle{dom: f[3], mon: f[4], dow: f[5], dayMatches: map[int64]bool{}}
	for v := range 60 {
		o.second[v] = listHas(f[0], v, 0, 59, "")
		o.minute[v] = listHas(f[1], v, 0, 59, "")
		o.hour[v] = v < 24 && listHas(f[2], v, 0, 23, "")
	}
	o.steady = !slices.Contains(o.hour[:24], false)
	return o
}

// listHas tells whether a comma list of plain items names a value.
func listHas(list string, v, low, high int, names string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(item string) bool {
		return itemHas(item, v, low, high, names)
	})
}

// itemHas tells whether an item such as 5, 1-5, */2, 3/4 or 22-6/2 names a value. The others name none.
func itemHas(item string, v, low, high int, names string) bool {
	body, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		step, _ = strconv.Atoi(stepText)
	}
	var from, to int
	if body == "*" || body == "?" {
		from, to = low, high
	} else {
		left, right, ranged := strings.Cut(body, "-")
		var ok bool
		if from, ok = valueOf(left, low, names); !ok {
			return false
		}
		to = from
		if ranged {
			if to, ok = valueOf(right, low, names); !ok {
				return false
			}
		} else if stepped {
			to = high
		}
	}
	for at := from; ; at++ {
		around := low + (at-low)%(high-low+1)
		if (at-from)%step == 0 && around == v {
			return true
		}
		if at >= from+high || around == low+(to-low)%(high-low+1) && (at > from || to == from) {
			return false
		}
	}
}

func valueOf(text string, low int, names string) (int, bool) {
	if i := strings.Index(names, text); i >= 0 && len(text) == 3 {
		return low + i/3, true
	}
	v, err := strconv.Atoi(text)
	return v, err == nil
}

const (
	oracleMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
	oracleWeek   = "SUNMONTUEWEDTHUFRISAT"
)

// matches tells whether a wall-clock time, in seconds since 1970, is one of the expression's.
func (o *oracle) matches(wall int64) bool {
	t := time.Unix(wall, 0).UTC()
	h, m, s := t.Clock()
	return o.minute[m] && o.hour[h] && o.second[s] && o.day(t)
}

// day tells whether a date is one of the expression's.
func (o *oracle) day(t time.Time) bool {
	key := t.Truncate(24*time.Hour).Unix() / (24 * 60 * 60)
	ok, known := o.dayMatches[key]
	if !known {
		ok = listHas(o.mon, int(t.Month()), 1, 12, oracleMonths) && o.dayOfMonth(t)
		o.dayMatches[key] = ok
	}
	return ok
}

// dayOfMonth applies the rule of the two fields: an open one does not count, else either may match.
func (o *oracle) dayOfMonth(t time.Time) bool {
	openDom, openDow := open(o.dom), open(o.dow)
	return openDom && openDow || !openDom && domHas(o.dom, t) || !openDow && dowHas(o.dow, t)
}

// open tells whether an item of a list leaves every day.
func open(list string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(item string) bool {
		return item == "*" || item == "?" || item == "*/1" || item == "?/1"
	})
}

// domHas tells whether the day of month names a date.
func domHas(list string, t time.Time) bool {
	last := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	for _, item := range strings.Split(list, ",") {
		back, isBack := strings.CutPrefix(item, "L-")
		near, isNear := strings.CutSuffix(item, "W")
		n, _ := strconv.Atoi(back)
		switch {
		case item == "L":
			if t.Day() == last {
				return true
			}
		case item == "LW":
			if t.Day() == nearestTo(t, last, last) {
				return true
			}
		case isBack:
			if t.Day() == last-n {
				return true
			}
		case isNear:
			n, _ := strconv.Atoi(near)
			if n <= last && t.Day() == nearestTo(t, n, last) {
				return true
			}
		default:
			if itemHas(item, t.Day(), 1, 31, "") {
				return true
			}
		}
	}
	return false
}

// nearestTo tries the dates around one, nearest first, until one is a weekday of the same month.
func nearestTo(t time.Time, date, last int) int {
	for _, d := range []int{date, date - 1, date + 1, date - 2, date + 2} {
		day := time.Date(t.Year(), t.Month(), d, 0, 0, 0, 0, time.UTC).Weekday()
		if d >= 1 && d <= last && day != time.Saturday && day != time.Sunday {
			return d
		}
	}
	panic("no weekday in five days")
}

// dowHas tells whether the day of week names a date.
func dowHas(list string, t time.Time) bool {
	inWeek := func(month time.Time) bool { return month.Month() == t.Month() }
	for _, item := range strings.Split(list, ",") {
		last, isLast := strings.CutSuffix(item, "L")
		name, k, isNth := strings.Cut(item, "#")
		switch {
		case isLast:
			day, _ := valueOf(last, 0, oracleWeek)
			if int(t.Weekday()) == day%7 && !inWeek(t.AddDate(0, 0, 7)) {
				return true
			}
		case isNth:
			day, _ := valueOf(name, 0, oracleWeek)
			n, _ := strconv.Atoi(k)
			if int(t.Weekday()) == day%7 && inWeek(t.AddDate(0, 0, -7*(n-1))) && !inWeek(t.AddDate(0, 0, -7*n)) {
				return true
			}
		default:
			if itemHas(item, int(t.Weekday()), 0, 6, oracleWeek) {
				return true
			}
		}
	}
	return false
}

// walk gives the occurrences after one instant and up to another. It goes through real time step by
// step and looks at the wall clock. An expression that is steady fires whenever the clock shows a time
// that matches. Any other fires when the clock shows, or has just jumped over, one that matches and
// that it had not shown before. The clock is watched from lookback before the first instant.
func (o *oracle) walk(loc *time.Location, after, until, step, lookback int64) []int64 {
	var found []int64
	shown := int64(0)
	for at := after - lookback; at <= until; at += step {
		wall := at + offset(at, loc)
		if at == after-lookback {
			shown = wall
			continue
		}
		due := o.steady && o.matches(wall)
		for ; !o.steady && shown < wall; shown += step {
			due = due || o.matches(shown+step)
		}
		if due && at > after {
			found = append(found, at)
		}
	}
	return found
}
