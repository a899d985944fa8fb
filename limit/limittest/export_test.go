package limittest

import (
	"testing"

	"github.com/goflow-go/goflow/limit"
)

// Rows names the promises.
func Rows() (names []string) {
	for _, r := range rows {
		names = append(names, r.name)
	}
	return names
}

// CheckRow checks one promise, in the bubble or the real time of the caller.
func CheckRow(tb testing.TB, name string, newLimiter func(rate limit.Rate, burst int) limit.Limiter) {
	tb.Helper()
	for _, r := range rows {
		if r.name == name {
			r.check(newSubject(tb, options{resolution: 1}, newLimiter))
		}
	}
}

// CheckKeyedRows checks the promises about keys.
func CheckKeyedRows(tb testing.TB, newLimiter func(rate limit.Rate, burst int) limit.KeyedLimiter) {
	tb.Helper()
	for _, r := range keyedRows {
		r.check(newKeyedSubject(tb, options{resolution: 1}, newLimiter))
	}
}
