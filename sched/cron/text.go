package cron

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// String gives the schedule as an expression: the same one for all spellings of a schedule, with the
// zone in front. [Parse] reads it back when the zone has a name that the zone database knows.
func (s *Schedule) String() string {
	var parts []string
	if name := s.loc.String(); name != "" {
		parts = append(parts, "TZ="+name)
	}
	if s.every > 0 {
		return strings.Join(append(parts, "@every", s.every.String()), " ")
	}
	if s.seconds != 1 {
		parts = append(parts, fields[second].text(s.seconds))
	}
	parts = append(parts,
		fields[minute].text(s.minutes),
		fields[hour].text(uint64(s.hours)),
		s.days.datesText(),
		fields[month].text(uint64(s.months)),
		s.days.weekText())
	return strings.Join(parts, " ")
}

// text spells values as a field.
func (f *field) text(values uint64) string {
	if values == f.all {
		return "*"
	}
	if step := f.step(values); step > 0 && f.names == "" {
		return "*/" + strconv.Itoa(step)
	}
	return strings.Join(f.list(values, f.spell, "-"), ",")
}

// spell is a value as a field spells it.
func (f *field) spell(v int) string {
	if f.names == "" {
		return strconv.Itoa(v)
	}
	i := 3 * (v - f.low)
	return f.names[i : i+3]
}

// step is the n for which */n means some values; 0 when there is none.
func (f *field) step(values uint64) int {
	if values>>f.low&1 == 0 || bits.OnesCount64(values) < 2 {
		return 0
	}
	step := bits.TrailingZeros64(values>>f.low>>1) + 1
	if f.span(f.low, f.low+f.size-1, step) != values {
		return 0
	}
	return step
}

// run is a stretch of neighbouring values. It may go round the end.
type run struct{ from, to int }

// runs splits values into stretches.
func (f *field) runs(values uint64) []run {
	var found []run
	for left := values; left != 0; {
		from := bits.TrailingZeros64(left)
		n := bits.TrailingZeros64(^(left >> from))
		found = append(found, run{from, from + n - 1})
		left &^= (1<<n - 1) << from
	}
	last := len(found) - 1
	if f.wraps && last > 0 && found[0].from == f.low && found[last].to == f.low+f.size-1 {
		found[last].to = found[0].to
		found = found[1:]
	}
	return found
}

// list names values one by one, but stretches of three and more by their ends.
func (f *field) list(values uint64, name func(int) string, to string) []string {
	var items []string
	for _, r := range f.runs(values) {
		switch n := (r.to-r.from+f.size)%f.size + 1; n {
		case 1:
			items = append(items, name(r.from))
		case 2:
			items = append(items, name(r.from), name(r.to))
		default:
			items = append(items, name(r.from)+to+name(r.to))
		}
	}
	return items
}

// datesText spells the day of month.
func (d *days) datesText() string {
	var items []string
	if d.dates != 0 {
		items = append(items, fields[date].text(uint64(d.dates)))
	}
	for _, n := range ones(uint64(d.last)) {
		if n == 0 {
			items = append(items, "L")
		} else {
			items = append(items, fmt.Sprintf("L-%d", n))
		}
	}
	for _, n := range ones(uint64(d.nearest)) {
		if n == 0 {
			items = append(items, "LW")
		} else {
			items = append(items, fmt.Sprintf("%dW", n))
		}
	}
	return orStar(items)
}

// weekText spells the day of week.
func (d *days) weekText() string {
	f := &fields[dayOfWeek]
	var items []string
	if d.week != 0 {
		items = append(items, f.text(uint64(d.week)))
	}
	for _, w := range ones(uint64(d.lastWeek)) {
		items = append(items, f.spell(w)+"L")
	}
	for _, n := range ones(d.nth) {
		items = append(items, fmt.Sprintf("%s#%d", f.spell(n%7), n/7+1))
	}
	return orStar(items)
}

// orStar joins items; none means no restriction.
func orStar(items []string) string {
	if len(items) == 0 {
		return "*"
	}
	return strings.Join(items, ",")
}

// ones lists the bits that are set.
func ones(set uint64) []int {
	var found []int
	for ; set != 0; set &= set - 1 {
		found = append(found, bits.TrailingZeros64(set))
	}
	return found
}
