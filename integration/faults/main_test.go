package faults

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(childVariable); spec != "" {
		os.Exit(runChild(spec))
	}
	goleak.VerifyTestMain(lingering{m})
}

// lingering writes the results, and lets go-redis end: a pool whose server is gone looks for it once a
// second, and sees only then that it was closed.
type lingering struct{ tests *testing.M }

func (l lingering) Run() int {
	code := l.tests.Run()
	if err := results.write(os.Getenv("GOFLOW_FAULTS_REPORT")); err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	<-time.After(1500 * time.Millisecond)
	return code
}
