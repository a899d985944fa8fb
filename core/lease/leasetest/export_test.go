package leasetest

import (
	"testing"

	"github.com/goflow-go/goflow/core/lease"
)

// Rows names the promises.
func Rows() (names []string) {
	for _, r := range rows {
		names = append(names, r.name)
	}
	return names
}

// CheckRow checks one promise, in the bubble of the caller.
func CheckRow(tb testing.TB, name string, store lease.Store) {
	tb.Helper()
	for _, r := range rows {
		if r.name == name {
			r.check(newSubject(tb, newOptions(nil), store))
		}
	}
}
