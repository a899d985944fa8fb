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
func CheckRow(tb testing.TB, name string, newLimiter func(rate limit.Rate, burst int) limit.Limiter, opts ...Option) {
	tb.Helper()
	o := newOptions(opts)
	for _, r := range rows {
		if check := r.promised(o); check != nil && r.name == name {
			check(newSubject(tb, o, newLimiter))
		}
	}
}

// Replay compares a limiter with the model over one trace, in the bubble of the caller.
func Replay(tb testing.TB, trace []byte, newLimiter func(rate limit.Rate, burst int) limit.Limiter) {
	tb.Helper()
	replay(tb, trace, newLimiter)
}

// Seeds are the traces a fuzzer starts from.
func Seeds() [][]byte { return seeds() }

// CheckKeyedRows checks the promises about keys.
func CheckKeyedRows(tb testing.TB, newLimiter func(rate limit.Rate, burst int) limit.KeyedLimiter) {
	tb.Helper()
	for _, r := range keyedRows {
		r.check(newKeyedSubject(tb, newOptions(nil), newLimiter))
	}
}
