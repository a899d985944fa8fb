package redistest_test

import (
	"fmt"
	"runtime"
	"testing"
)

// recorder is a test that may fail.
type recorder struct {
	testing.TB

	failed bool
	text   string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failed, r.text = true, fmt.Sprintf(format, args...)
}

func (r *recorder) Fatal(args ...any) {
	r.failed, r.text = true, fmt.Sprint(args...)
	runtime.Goexit()
}
