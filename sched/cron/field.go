package cron

import (
	"fmt"
	"strings"
)

// kind is one of the six fields.
type kind uint8

const (
	second kind = iota
	minute
	hour
	date
	month
	dayOfWeek
)

// field is what may stand in a field.
type field struct {
	name      string
	low, high int    // its values
	size      int    // how many differ
	all       uint64 // the set of them
	wraps     bool   // a range may go round the end: FRI-MON
	names     string // three letters for each value from low on
	spelled   string // the names, for errors
}

var fields = [...]field{
	second:    {name: "second", high: 59, size: 60, all: 1<<60 - 1},
	minute:    {name: "minute", high: 59, size: 60, all: 1<<60 - 1},
	hour:      {name: "hour", high: 23, size: 24, all: 1<<24 - 1, wraps: true},
	date:      {name: "day of month", low: 1, high: 31, size: 31, all: allDates},
	month:     {name: "month", low: 1, high: 12, size: 12, all: 1<<13 - 2, wraps: true, names: monthNames, spelled: " or JAN to DEC"},
	dayOfWeek: {name: "day of week", high: 7, size: 7, all: allWeek, wraps: true, names: weekNames, spelled: " or SUN to SAT"},
}

const (
	monthNames = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
	weekNames  = "SUNMONTUEWEDTHUFRISAT"
)

// span is the set of values from one to another, which may go round the end.
func (f *field) span(from, to, step int) uint64 {
	if from > to {
		to += f.size
	}
	var values uint64
	for v := from; v <= to; v += step {
		at := v
		if at >= f.low+f.size {
			at -= f.size
		}
		values |= 1 << at
	}
	return values
}

// reader reads one field.
type reader struct {
	expr    string
	at, end int // what is left of the field
	kind    kind
	values  uint64 // the set read so far
	open    bool   // an item is *, so the field restricts nothing
	days    *days  // takes what is not a value: L, W and #
}

// read reads the items of the field.
func (r *reader) read() error {
	for {
		if err := r.item(); err != nil {
			return err
		}
		if r.at == r.end {
			return nil
		}
		if r.expr[r.at] != ',' {
			return r.fail(r.at, r.end, "is not expected here")
		}
		r.at++
	}
}

// item reads what stands between two commas.
func (r *reader) item() error {
	f := &fields[r.kind]
	switch c := r.peek(); {
	case c == '*', c == '?' && (r.kind == date || r.kind == dayOfWeek):
		r.at++
		return r.stepped(f.low, f.low+f.size-1, true)
	case c|0x20 == 'l' && r.kind == date:
		r.at++
		return r.lastDate()
	}
	start := r.at
	from, err := r.value()
	if err != nil {
		return err
	}
	switch c := r.peek(); {
	case c == '-':
		r.at++
		return r.ranged(start, from)
	case c == '/':
		return r.stepped(from, f.low+f.size-1, false)
	case c|0x20 == 'w' && r.kind == date:
		r.at++
		r.days.nearest |= 1 << from
	case c|0x20 == 'l' && r.kind == dayOfWeek:
		r.at++
		r.days.lastWeek |= 1 << (from % 7)
	case c == '#' && r.kind == dayOfWeek:
		r.at++
		return r.nth(from % 7)
	default:
		r.values |= f.span(from, from, 1)
	}
	return nil
}

// ranged reads the end of a range.
func (r *reader) ranged(start, from int) error {
	to, err := r.value()
	if err != nil {
		return err
	}
	if from > to && !fields[r.kind].wraps {
		return r.fail(start, r.at, "runs backwards")
	}
	return r.stepped(from, to, false)
}

// stepped adds a range, after reading the step if there is one.
func (r *reader) stepped(from, to int, star bool) error {
	f, step := &fields[r.kind], 1
	if r.peek() == '/' {
		r.at++
		at := r.at
		var ok bool
		if step, ok = r.number(); !ok || step < 1 || step > f.high {
			return r.fail(at, r.tokenEnd(at), fmt.Sprintf("is not a step from 1 to %d", f.high))
		}
	}
	if star && step == 1 {
		r.open, r.values = true, f.all
		return nil
	}
	r.values |= f.span(from, to, step)
	return nil
}

// lastDate reads what follows L in the day of month.
func (r *reader) lastDate() error {
	switch c := r.peek(); {
	case c|0x20 == 'w':
		r.at++
		r.days.nearest |= 1
	case c == '-':
		r.at++
		at := r.at
		back, ok := r.number()
		if !ok || back < 1 || back > 30 {
			return r.fail(at, r.tokenEnd(at), "is not from 1 to 30 days before the last")
		}
		r.days.last |= 1 << back
	default:
		r.days.last |= 1
	}
	return nil
}

// nth reads which day of the week in the month.
func (r *reader) nth(weekday int) error {
	at := r.at
	k, ok := r.number()
	if !ok || k < 1 || k > 5 {
		return r.fail(at, r.tokenEnd(at), "is not from 1 to 5")
	}
	r.days.nth |= 1 << (7*(k-1) + weekday)
	return nil
}

// value reads a number or a name.
func (r *reader) value() (int, error) {
	f, start := &fields[r.kind], r.at
	v, ok := r.number()
	if !ok {
		v, ok = r.named()
	}
	if !ok || v < f.low || v > f.high {
		return 0, r.fail(start, r.tokenEnd(start), fmt.Sprintf("is not from %d to %d%s", f.low, f.high, f.spelled))
	}
	return v, nil
}

// number reads digits. Beyond 1000 they no longer count.
func (r *reader) number() (v int, ok bool) {
	for ; r.at < r.end; r.at++ {
		digit := r.expr[r.at] - '0'
		if digit > 9 {
			break
		}
		v, ok = min(v*10+int(digit), 1000), true
	}
	return v, ok
}

// named reads one of the field's names, in any case. No letter follows, but for the L of FRIL.
func (r *reader) named() (int, bool) {
	f, at := &fields[r.kind], r.at
	if r.end-at < 3 {
		return 0, false
	}
	for i := 0; i < len(f.names); i += 3 {
		if !strings.EqualFold(f.names[i:i+3], r.expr[at:at+3]) {
			continue
		}
		r.at += 3
		next := r.peek()
		ok := !isLetter(next) || next|0x20 == 'l' && r.kind == dayOfWeek
		return f.low + i/3, ok
	}
	return 0, false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// peek is the next byte of the field; 0 at its end.
func (r *reader) peek() byte {
	if r.at < r.end {
		return r.expr[r.at]
	}
	return 0
}

// tokenEnd is where what stands at a byte ends, for errors.
func (r *reader) tokenEnd(at int) int {
	if n := strings.IndexAny(r.expr[at:r.end], ",-/#"); n >= 0 {
		return at + n
	}
	return r.end
}

// fail is the error about some bytes of the field.
func (r *reader) fail(from, to int, want string) error {
	value := r.expr[from:to]
	if value == "" {
		want = "a value is missing"
	}
	return &ParseError{r.expr, fields[r.kind].name, from + 1, value, want}
}
