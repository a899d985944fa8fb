package limit

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Rate is how many permits come back in how much time. The zero Rate is none; limiters refuse it.
// It reads from and prints as text ("100/s", "5/m", "1/250ms"), so a config or a flag may hold one.
type Rate struct {
	count float64
	per   time.Duration
}

// Per is count permits in each d.
func Per(count float64, d time.Duration) Rate { return Rate{count, d} }

// PerSecond is count permits a second.
func PerSecond(count float64) Rate { return Rate{count, time.Second} }

// PerMinute is count permits a minute.
func PerMinute(count float64) Rate { return Rate{count, time.Minute} }

// PerHour is count permits an hour.
func PerHour(count float64) Rate { return Rate{count, time.Hour} }

// Every is one permit in each d.
func Every(d time.Duration) Rate { return Rate{1, d} }

// Parts gives what [Per] was given: how many permits, and in how much time.
func (r Rate) Parts() (count float64, per time.Duration) { return r.count, r.per }

// IsZero reports whether r is the zero Rate.
func (r Rate) IsZero() bool { return r == Rate{} }

// Interval is the time from one permit to the next, rounded to a nanosecond.
func (r Rate) Interval() time.Duration {
	return time.Duration(math.Round(float64(r.per) / r.count))
}

// maxPerSecond bounds rates: a permit a nanosecond.
const maxPerSecond = 1e9

// fault says what is wrong with r, or "".
func (r Rate) fault() string {
	switch perSecond := r.count / r.per.Seconds(); {
	case !(r.count > 0) || r.per <= 0:
		return "must be above 0"
	case math.IsInf(r.count, 0):
		return "must be finite"
	case perSecond > maxPerSecond:
		return "must be at most 1e9/s"
	case perSecond < 1/(366*24*time.Hour).Seconds():
		return "must be at least one a year"
	}
	return ""
}

// interval is the time from one permit to the next in nanoseconds, exactly.
func (r Rate) interval() *big.Rat {
	per := new(big.Rat).SetInt64(int64(r.per))
	return per.Quo(per, new(big.Rat).SetFloat64(r.count))
}

var units = []struct {
	name string
	d    time.Duration
}{
	{"s", time.Second},
	{"m", time.Minute},
	{"h", time.Hour},
	{"d", 24 * time.Hour},
}

// ParseRate reads a rate: a number, a slash, and a unit (s, m, h, d) or a duration, as in "100/s",
// "0.5/s", "5/m", "1000/d" or "10/250ms".
func ParseRate(s string) (Rate, error) {
	num, unit, ok := strings.Cut(strings.TrimSpace(s), "/")
	if !ok {
		return Rate{}, fmt.Errorf("limit: rate %q: want a number, a slash and a unit, as in 100/s", clip(s))
	}
	count, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if err != nil {
		return Rate{}, fmt.Errorf("limit: rate %q: %q is not a number", clip(s), clip(num))
	}
	r := Rate{count: count}
	unit = strings.TrimSpace(unit)
	for _, u := range units {
		if u.name == unit {
			r.per = u.d
		}
	}
	if r.per == 0 {
		if r.per, err = time.ParseDuration(unit); err != nil {
			return Rate{}, fmt.Errorf("limit: rate %q: %q is neither a unit (s, m, h, d) nor a duration", clip(s), clip(unit))
		}
	}
	if fault := r.fault(); fault != "" {
		return Rate{}, fmt.Errorf("limit: rate %q %s", clip(s), fault)
	}
	return r, nil
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}

// String gives the text ParseRate reads.
func (r Rate) String() string {
	unit := r.per.String()
	for _, u := range units {
		if u.d == r.per {
			unit = u.name
		}
	}
	if r.per == 0 {
		unit = "s"
	}
	return strconv.FormatFloat(r.count, 'f', -1, 64) + "/" + unit
}

// MarshalText gives the text ParseRate reads.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is ParseRate.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRate(string(text))
	return err
}
