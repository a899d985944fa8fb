package leasetest

import (
	"testing"
	"testing/synctest"

	"github.com/goflow-go/goflow/core/lease"
)

// Run runs the suite over stores that newStore makes. They may be of one server: the suite uses keys that
// no one else does. One subtest proves one promise.
func Run(t *testing.T, newStore func(t *testing.T) lease.Store, opts ...Option) {
	t.Helper()
	o := newOptions(opts)
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if o.real {
				r.check(newSubject(t, o, newStore(t)))
				return
			}
			synctest.Test(t, func(t *testing.T) { r.check(newSubject(t, o, newStore(t))) })
		})
	}
}
