package cron

import "math/bits"

// days says which days of a month match: those that any of its parts names. A field that restricts
// nothing names no day, unless neither does: then dates has them all.
type days struct {
	dates    uint32 // bit d: day d of the month
	last     uint32 // bit n: n days before the last day of the month
	nearest  uint32 // bit d: the weekday nearest to day d; bit 0: the last weekday of the month
	week     uint8  // bit w: each day w of the week, Sunday being 0
	lastWeek uint8  // bit w: the last day w of the month
	nth      uint64 // bit 7(k-1)+w: the k-th day w of the month
}

const (
	allDates = 1<<32 - 2
	allWeek  = 1<<7 - 1
)

// settle applies what an open field, one that restricts nothing, means: it names no day, unless neither
// field does.
func (d *days) settle(openDates, openWeek bool) {
	switch {
	case openDates && openWeek, !openDates && d.dates == allDates, !openWeek && d.week == allWeek:
		*d = days{dates: allDates}
	case openDates:
		d.dates, d.last, d.nearest = 0, 0, 0
	case openWeek:
		d.week, d.lastWeek, d.nth = 0, 0, 0
	}
}

// in gives the days that match, as bits 1 to 31, in a month of so many days that starts on a day of
// the week.
func (d *days) in(length, start int) uint32 {
	found := d.dates | spread(d.week, start)
	if d.rare() {
		found |= d.counted(length, start) | d.lastIn(length) | d.nearestIn(length, start)
	}
	return found & (1<<(length+1) - 2)
}

// rare tells whether a part is used that depends on the month.
func (d *days) rare() bool {
	return d.last != 0 || d.nearest != 0 || d.lastWeek != 0 || d.nth != 0
}

// spread gives the days of a month on which some days of the week fall.
func spread(week uint8, start int) uint32 {
	turned := uint64(week)>>start | uint64(week)<<(7-start)
	const everyWeek = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28
	return uint32(turned & allWeek * everyWeek << 1)
}

// counted gives the k-th and the last days of the week.
func (d *days) counted(length, start int) uint32 {
	found := spread(d.lastWeek, start) & (allWeek << (length - 6))
	for k := range 5 {
		week := uint8(d.nth >> (7 * k) & allWeek)
		found |= spread(week, start) & (allWeek << (7*k + 1))
	}
	return found
}

// lastIn gives the days counted from the end of the month.
func (d *days) lastIn(length int) uint32 { return bits.Reverse32(d.last) >> (31 - length) }

// nearestIn gives the weekdays nearest to days of the month. They never leave it.
func (d *days) nearestIn(length, start int) uint32 {
	var found uint32
	for left := d.nearest; left != 0; left &= left - 1 {
		date := bits.TrailingZeros32(left)
		if date == 0 {
			date = length
		}
		if date <= length {
			found |= 1 << nearestWeekday(date, length, start)
		}
	}
	return found
}

// nearestWeekday is the date of the weekday nearest to a date.
func nearestWeekday(date, length, start int) int {
	switch (start + date - 1) % 7 {
	case 6: // Saturday
		if date == 1 {
			return 3
		}
		return date - 1
	case 0: // Sunday
		if date == length {
			return date - 2
		}
		return date + 1
	}
	return date
}

// possible tells whether any day can ever match in the months given. A fifth weekday comes even in
// February, though 40 years may pass between two.
func (d *days) possible(months uint16) bool {
	const have31, have30 = 1<<1 | 1<<3 | 1<<5 | 1<<7 | 1<<8 | 1<<10 | 1<<12, 1<<4 | 1<<6 | 1<<9 | 1<<11
	longest := 29
	if months&have31 != 0 {
		longest = 31
	} else if months&have30 != 0 {
		longest = 30
	}
	return d.week != 0 || d.lastWeek != 0 || d.nth != 0 ||
		bits.TrailingZeros32(d.dates) <= longest ||
		bits.TrailingZeros32(d.last) < longest ||
		bits.TrailingZeros32(d.nearest) <= longest
}
