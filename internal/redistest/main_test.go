package redistest_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/internal/redistest"
)

func TestMain(m *testing.M) {
	if os.Getenv(holderVar) != "" {
		os.Exit(holdServer(m))
	}
	goleak.VerifyTestMain(redistest.Main(m))
}

// fails tells whether do fails the test it is given.
func fails(t *testing.T, do func(testing.TB)) (text string, failed bool) {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(r)
	}()
	<-done
	return r.text, r.failed
}
