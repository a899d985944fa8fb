package redisfx_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/internal/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(lingering{redistest.Main(m)}) }

// lingering lets go-redis end: a pool whose server is gone looks for it once a second, and sees only
// then that it was closed.
type lingering struct{ tests *redistest.M }

func (l lingering) Run() int {
	code := l.tests.Run()
	<-time.After(1500 * time.Millisecond)
	return code
}
