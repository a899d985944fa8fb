package limit_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/limit"
)

// refundable is what takes and gives back at given times.
type refundable interface {
	TakeRefundableAt(now time.Duration, n int) (limit.Decision, limit.Receipt, error)
	RefundAt(now time.Duration, r limit.Receipt, n int)
}

// checkRefunds takes and gives back at will, and checks that what was kept is never too much.
func checkRefunds(t *rapid.T, l refundable, interval int64, burst int, disturb func(now time.Duration)) {
	type taken struct {
		receipt limit.Receipt
		index   int
	}
	var log []permitted
	var open []taken
	now := time.Duration(0)
	for range rapid.IntRange(1, 80).Draw(t, "steps") {
		now += time.Duration(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 3*interval)).Draw(t, "dt"))
		switch op := rapid.IntRange(0, 7).Draw(t, "operation"); {
		case op == 0:
			disturb(now)
		case op < 4 && len(open) > 0:
			i := rapid.IntRange(0, len(open)-1).Draw(t, "receipt")
			n := rapid.IntRange(1, open[i].receipt.Permits).Draw(t, "back")
			l.RefundAt(now, open[i].receipt, n)
			log[open[i].index].n -= n
			open = slices.Delete(open, i, i+1)
		default:
			n := rapid.IntRange(1, burst).Draw(t, "n")
			d, r, err := l.TakeRefundableAt(now, n)
			if err != nil {
				t.Fatal(err)
			}
			if d.Allowed {
				open = append(open, taken{r, len(log)})
				log = append(log, permitted{now, n})
			}
		}
	}
	requireEveryWindow(t, log, interval, int64(burst))
}

func TestBucketRefundsNeverOverAdmit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		burst := rapid.IntRange(1, 12).Draw(t, "burst")
		b, err := limit.NewAt("api", limit.TokenBucketConfig{Rate: limit.PerSecond(1000), Burst: burst})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		checkRefunds(t, b, int64(time.Millisecond), burst, func(now time.Duration) {
			if rapid.Bool().Draw(t, "rebase") {
				b.RebaseAt(now)
				return
			}
			r, _, err := b.ReserveAt(now, 1)
			if err != nil {
				t.Fatal(err)
			}
			r.CancelAt(now)
		})
	})
}

func TestKeyedRefundsNeverOverAdmit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		burst := rapid.IntRange(1, 12).Draw(t, "burst")
		k, err := limit.NewKeyedAt("api", limit.KeyedConfig{Rate: limit.PerSecond(1000), Burst: burst})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		checkRefunds(t, limit.FirstKey{Keyed: k}, int64(time.Millisecond), burst, func(now time.Duration) { k.PurgeAt(now) })
	})
}

func TestRefundAtOnceIsTheExactInverse(t *testing.T) {
	t.Parallel()
	b := must(limit.NewAt("api", limit.TokenBucketConfig{Rate: limit.PerSecond(1000), Burst: 10}))
	defer b.Close()
	k := must(limit.NewKeyedAt("api", limit.KeyedConfig{Rate: limit.PerSecond(1000), Burst: 10}))
	defer k.Close()
	full := must(limit.NewKeyedAt("api", limit.KeyedConfig{Rate: limit.PerSecond(1000), Burst: 10, MaxKeys: 1}))
	defer full.Close()
	if d, err := full.TakeAt(0, "another", 10); err != nil || !d.Allowed {
		t.Fatal(d, err)
	}
	for _, l := range []refundable{b, limit.FirstKey{Keyed: k}, limit.FirstKey{Keyed: full}} {
		_, first, _ := l.TakeRefundableAt(0, 3)
		_, second, _ := l.TakeRefundableAt(0, 4)
		l.RefundAt(0, first, 3) // others took since
		if d, _, err := l.TakeRefundableAt(0, 6); err != nil || !d.Allowed || d.Remaining != 0 {
			t.Errorf("%T: %+v, %v", l, d, err)
		}
		l.RefundAt(time.Millisecond, second, 1)
		if d, _, err := l.TakeRefundableAt(time.Millisecond, 2); err != nil || !d.Allowed || d.Remaining != 0 {
			t.Errorf("%T: one came, one was given back: %+v, %v", l, d, err)
		}
	}
}
