package lease_test

import (
	"testing"

	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/core/lease/leasetest"
)

func TestMemoryKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	leasetest.Run(t, func(*testing.T) lease.Store { return lease.NewMemory() })
}
