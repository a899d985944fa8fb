package leasetest_test

import (
	"testing"

	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/core/lease/leasetest"
)

func ExampleRun() {
	// This is a whole test of a store of your own.
	TestMyStore := func(t *testing.T) {
		t.Helper()
		leasetest.Run(t, func(*testing.T) lease.Store { return lease.NewMemory() })
	}
	_ = TestMyStore
	// Output:
}
