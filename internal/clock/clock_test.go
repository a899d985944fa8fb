package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

func TestNowFollowsTheClockOfABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		before, wall := clock.Now(), time.Now()
		<-time.After(time.Hour)
		if got := clock.Now() - before; got != int64(time.Hour) {
			t.Errorf("an hour took %v", time.Duration(got))
		}
		if got := clock.Time(before); !got.Equal(wall) {
			t.Errorf("Time = %v, want %v", got, wall)
		}
	})
}

func TestNowNeverGoesBack(t *testing.T) {
	t.Parallel()
	last := clock.Now()
	for range 100_000 {
		now := clock.Now()
		if now < last {
			t.Fatalf("went back from %d to %d", last, now)
		}
		last = now
	}
}
