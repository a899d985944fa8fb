package limit_test

import (
	"math"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
)

func newBucketAt(t *testing.T, rate limit.Rate, burst int) *limit.TokenBucket {
	t.Helper()
	b, err := limit.NewAt("api", limit.TokenBucketConfig{Rate: rate, Burst: burst})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestChangeThatWaitedForAnotherGivesNoTimeOutTwice(t *testing.T) {
	t.Parallel()
	b := newBucketAt(t, limit.PerSecond(1), 1)
	if _, err := b.TakeAt(0, 1); err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Duration{500 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond} {
		if err := b.SetAt(now, limit.PerSecond(1), 1); err != nil {
			t.Fatal(err)
		}
	}
	if d, _ := b.TakeAt(600*time.Millisecond, 1); d.Allowed || d.RetryAfter != 400*time.Millisecond {
		t.Errorf("%+v, want RetryAfter 400ms", d)
	}
}

func TestPermitsInUseStayInUseWhenTheQuotaChanges(t *testing.T) {
	t.Parallel()
	b := newBucketAt(t, limit.PerSecond(1), 10)
	if _, err := b.TakeAt(0, 6); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rate      limit.Rate
		burst     int
		remaining int
		reset     time.Duration
	}{
		{limit.PerSecond(1), 8, 2, 6 * time.Second},
		{limit.PerSecond(1), 4, 0, 6 * time.Second},
		{limit.PerSecond(1e9), math.MaxInt32, math.MaxInt32 - 6, 6 * time.Nanosecond},
		{limit.PerHour(1), 20, 14, 6 * time.Hour},
		{limit.PerSecond(100), 10, 4, 60 * time.Millisecond},
	} {
		if err := b.SetAt(0, c.rate, c.burst); err != nil {
			t.Fatal(err)
		}
		d, err := b.TakeAt(0, c.burst) // denied: some are in use
		if err != nil || d.Allowed || d.Remaining != c.remaining || d.ResetAfter != c.reset || d.Limit != c.burst {
			t.Errorf("%v, burst %d: %+v, %v; want %d remaining, reset after %v", c.rate, c.burst, d, err, c.remaining, c.reset)
		}
	}
}

func TestCancelIsRightAcrossQuotaChanges(t *testing.T) {
	t.Parallel()
	b := newBucketAt(t, limit.PerSecond(1), 3)
	if _, err := b.TakeAt(0, 1); err != nil {
		t.Fatal(err)
	}
	first, _, err := b.ReserveAt(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	second, delay, err := b.ReserveAt(0, 3)
	if err != nil || delay != 3*time.Second {
		t.Fatal(delay, err)
	}
	for _, rate := range []limit.Rate{limit.PerSecond(10), limit.PerHour(3), limit.PerSecond(2)} {
		if err := b.SetAt(0, rate, 2); err != nil {
			t.Fatal(err)
		}
		b.RebaseAt(0)
	}
	if !first.CancelAt(0) || b.InLine() != 2 {
		t.Errorf("%d in line, want both: the second is to come", b.InLine())
	}
	if !second.CancelAt(0) || b.InLine() != 0 {
		t.Errorf("%d in line", b.InLine())
	}
	if d, _ := b.TakeAt(0, 1); !d.Allowed || d.ResetAfter != time.Second {
		t.Errorf("%+v, want the first permit and this one in use", d)
	}
}

func TestDecisionsAreRightAfterCenturies(t *testing.T) {
	t.Parallel()
	b := newBucketAt(t, limit.PerSecond(1e9), 1000)
	r, _, err := b.ReserveAt(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	const late = 291 * 365 * 24 * time.Hour
	if !r.CancelAt(late) {
		t.Error("not cancelled")
	}
	for _, want := range []bool{true, false} {
		if d, err := b.TakeAt(late, 1000); err != nil || d.Allowed != want || d.Limit != 1000 {
			t.Errorf("%+v, %v; want allowed %v", d, err, want)
		}
	}
}
