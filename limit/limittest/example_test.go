package limittest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func ExampleRun() {
	// This is a whole test of a limiter of your own.
	TestMyLimiter := func(t *testing.T) {
		t.Helper()
		limittest.Run(t, newTokenBucket)
	}
	_ = TestMyLimiter
	// Output:
}

func ExampleWindows() {
	// A limiter whose permits come back when the window is over.
	TestMyWindow := func(t *testing.T) {
		t.Helper()
		limittest.Run(t, newFixedWindow, limittest.Windows(2))
	}
	_ = TestMyWindow
	// Output:
}

func ExampleFuzz() {
	// This is a whole fuzz target of a token bucket of your own.
	FuzzMyBucket := func(f *testing.F) {
		f.Helper()
		limittest.Fuzz(f, newTokenBucket)
	}
	_ = FuzzMyBucket
	// Output:
}

func ExampleNewModel() {
	m := limittest.NewModel(limit.PerSecond(3), 1)
	fmt.Println(m.Take(0, 1).Allowed)
	fmt.Println(m.Take(0, 1).RetryAfter)
	fmt.Println(m.Tokens(100 * time.Millisecond))
	// Output:
	// true
	// 333.333334ms
	// 3/10
}
