package cron

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/goflow-go/goflow/internal/zone"
)

// maxExpr is how many bytes an expression may have.
const maxExpr = 256

// Parse reads an expression; the package's documentation says what may stand in it. Its times are on
// the wall clock of loc, or in UTC when loc is nil; a prefix TZ=Area/City or CRON_TZ=Area/City in the
// expression wins over loc.
//
// The error is a [*ParseError]. Expressions that can never fire are errors too.
func Parse(expr string, loc *time.Location) (*Schedule, error) {
	if len(expr) > maxExpr {
		return nil, &ParseError{
			Expr: expr[:maxExpr], Field: "expression", Column: maxExpr + 1,
			Value: fmt.Sprint(len(expr)), Want: fmt.Sprintf("bytes, must be at most %d", maxExpr),
		}
	}
	if loc == nil {
		loc = time.UTC
	}
	loc, at, err := zonePrefix(expr, skipBlanks(expr, 0), loc)
	if err != nil {
		return nil, err
	}
	if at < len(expr) && expr[at] == '@' {
		return parseMacro(expr, at, loc)
	}
	return parseFields(expr, at, loc)
}

// zonePrefix reads the prefix that names a zone, if there is one, and gives where the rest starts.
func zonePrefix(expr string, at int, loc *time.Location) (*time.Location, int, error) {
	rest, ok := strings.CutPrefix(expr[at:], "TZ=")
	if !ok {
		if rest, ok = strings.CutPrefix(expr[at:], "CRON_TZ="); !ok {
			return loc, at, nil
		}
	}
	at = len(expr) - len(rest)
	end := skipWord(expr, at)
	name := expr[at:end]
	want := "a name is missing"
	if name != "" {
		if want = "is not the name of a zone"; isZoneName(name) {
			loaded, err := zone.Load(name)
			if err == nil {
				return loaded, skipBlanks(expr, end), nil
			}
			want = "is not a zone this machine knows"
		}
	}
	return nil, 0, &ParseError{Expr: expr, Field: "zone", Column: at + 1, Value: name, Want: want}
}

// isZoneName tells whether a name can be one of the zone database: no dots, no path from the root.
func isZoneName(name string) bool {
	strange := func(r rune) bool {
		return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && !strings.ContainsRune("/_+-", r)
	}
	return name[0] != '/' && !strings.ContainsFunc(name, strange)
}

// macros are the words that stand for an expression.
var macros = [...]struct{ word, expr string }{
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
}

// parseMacro reads @daily and its like, and @every.
func parseMacro(expr string, at int, loc *time.Location) (*Schedule, error) {
	end := skipWord(expr, at)
	word, next := expr[at:end], skipBlanks(expr, end)
	if word == "@every" {
		return parseEvery(expr, next, loc)
	}
	for _, m := range macros {
		if m.word != word {
			continue
		}
		if next < len(expr) {
			return nil, &ParseError{expr, "expression", next + 1, expr[next:], "must not follow " + word}
		}
		return parseFields(m.expr, 0, loc)
	}
	return nil, &ParseError{
		expr, "expression", at + 1, word,
		"is not @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly or @every",
	}
}

// parseEvery reads the interval of @every.
func parseEvery(expr string, at int, loc *time.Location) (*Schedule, error) {
	end := skipWord(expr, at)
	fail := func(at int, value, want string) (*Schedule, error) {
		return nil, &ParseError{expr, "expression", at + 1, value, want}
	}
	text, next := expr[at:end], skipBlanks(expr, end)
	if text == "" {
		return fail(at, "", "an interval is missing after @every")
	}
	if next < len(expr) {
		return fail(next, expr[next:], "must not follow the interval")
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fail(at, text, "is not an interval such as 90s or 1h30m")
	}
	if d < minInterval {
		return fail(at, text, "is not at least "+minInterval.String())
	}
	return &Schedule{loc: loc, every: d, steady: true}, nil
}

// parseFields reads five or six fields.
func parseFields(expr string, at int, loc *time.Location) (*Schedule, error) {
	parts, n := split(expr, at)
	if n != 5 && n != 6 {
		column := len(expr)
		if n > 6 {
			column = parts[6].from
		}
		return nil, &ParseError{expr, "expression", column + 1, fmt.Sprint(n), "fields, must be 5 or 6"}
	}
	s := &Schedule{loc: loc, seconds: 1}
	var open [len(fields)]bool // which fields restrict nothing
	for i, p := range parts[:n] {
		k := kind(i + 6 - n)
		r := reader{expr: expr, at: p.from, end: p.to, kind: k, days: &s.days}
		if err := r.read(); err != nil {
			return nil, err
		}
		s.set(k, r.values)
		open[k] = r.open
	}
	s.days.settle(open[date], open[dayOfWeek])
	if !s.days.possible(s.months) {
		dates, months := expr[parts[n-3].from:parts[n-3].to], expr[parts[n-2].from:parts[n-2].to]
		return nil, &ParseError{expr, fields[date].name, parts[n-3].from + 1, dates, "never comes in month " + months}
	}
	s.earliest = int32(bits.TrailingZeros32(s.hours)*3600 +
		bits.TrailingZeros64(s.minutes)*60 + bits.TrailingZeros64(s.seconds))
	return s, nil
}

// set takes the values of a field.
func (s *Schedule) set(k kind, values uint64) {
	switch k {
	case second:
		s.seconds = values
	case minute:
		s.minutes = values
	case hour:
		s.hours, s.steady = uint32(values), values == fields[hour].all
	case date:
		s.days.dates = uint32(values)
	case month:
		s.months = uint16(values)
	case dayOfWeek:
		s.days.week = uint8(values)
	}
}

// part is where a field stands in an expression.
type part struct{ from, to int }

// split finds the fields from a byte on: the first seven, and their number.
func split(expr string, at int) (parts [7]part, n int) {
	for at = skipBlanks(expr, at); at < len(expr); n++ {
		end := skipWord(expr, at)
		if n < len(parts) {
			parts[n] = part{at, end}
		}
		at = skipBlanks(expr, end)
	}
	return parts, n
}

// skipBlanks is the first byte from at on that is neither a space nor a tab.
func skipBlanks(expr string, at int) int {
	for at < len(expr) && (expr[at] == ' ' || expr[at] == '\t') {
		at++
	}
	return at
}

// skipWord is the first byte from at on that is a space or a tab.
func skipWord(expr string, at int) int {
	for at < len(expr) && expr[at] != ' ' && expr[at] != '\t' {
		at++
	}
	return at
}
