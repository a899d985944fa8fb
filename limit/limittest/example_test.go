package limittest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func ExampleRun() {
	// In a test of your own: func TestMyLimiter(t *testing.T) { limittest.Run(t, newMyLimiter) }
	_ = func(t *testing.T) {
		limittest.Run(t, newTokenBucket)
	}
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
