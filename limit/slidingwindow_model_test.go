package limit_test

import (
	"context"
	"math/big"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/limit"
)

// windowLimiter is what limiters by windows have in common.
type windowLimiter interface {
	limit.Limiter
	Name() string
	Allow(ctx context.Context) bool
	AllowN(ctx context.Context, n int) bool
	SetLimit(ctx context.Context, limit int) error
	SetWindow(ctx context.Context, window time.Duration) error
	Stats() limit.Stats
	Close()
	String() string
	TakeAt(now time.Duration, n int) (limit.Decision, error)
	SetAt(now time.Duration, to limit.WindowConfig) error
}

// windowKind is one of them.
type windowKind struct {
	name      string
	algorithm string
	make      func(name string, cfg limit.WindowConfig, opts ...limit.Option) (windowLimiter, error)
	makeAt    func(cfg limit.WindowConfig, epoch int64) (windowLimiter, error)
	used      func(h *history, t int64) int
	standing  func(h *history) int64 // clock readings of before are taken for it
	bound     func(limit int) int    // of permits in any stretch of time as long as the window
}

var windowKinds = []windowKind{
	{
		"fixed window", "fixed_window",
		func(name string, cfg limit.WindowConfig, opts ...limit.Option) (windowLimiter, error) {
			return limit.NewFixedWindow(name, cfg, opts...)
		},
		func(cfg limit.WindowConfig, epoch int64) (windowLimiter, error) {
			return limit.NewFixedWindowAt("api", cfg, epoch)
		},
		func(h *history, t int64) int { return h.in(t / h.window()) },
		func(h *history) int64 { return h.latest / h.window() * h.window() },
		func(limit int) int { return 2 * limit },
	},
	{
		"sliding window", "sliding_window",
		func(name string, cfg limit.WindowConfig, opts ...limit.Option) (windowLimiter, error) {
			return limit.NewSlidingWindow(name, cfg, opts...)
		},
		func(cfg limit.WindowConfig, epoch int64) (windowLimiter, error) {
			return limit.NewSlidingWindowAt("api", cfg, epoch)
		},
		(*history).weighted,
		func(h *history) int64 { return h.latest / h.window() * h.window() },
		func(limit int) int { return 2*limit - 1 },
	},
	{
		"sliding log", "sliding_log",
		func(name string, cfg limit.WindowConfig, opts ...limit.Option) (windowLimiter, error) {
			return limit.NewSlidingLog(name, cfg, opts...)
		},
		func(cfg limit.WindowConfig, _ int64) (windowLimiter, error) { return limit.NewSlidingLog("api", cfg) },
		func(h *history, t int64) int { return h.since(t - h.window()) },
		func(h *history) int64 {
			if len(h.taken) == 0 {
				return 0
			}
			return int64(h.taken[len(h.taken)-1].at)
		},
		func(limit int) int { return limit },
	},
}

// history is the slow model of a limiter by windows: all it ever gave out, in nanoseconds since the Unix
// epoch, of which it counts what is in use again and again.
type history struct {
	kind   windowKind
	cfg    limit.WindowConfig
	taken  []use
	latest int64 // clock reading
	size   int   // of a log, once its limit was changed
}

func (h *history) window() int64 { return int64(h.cfg.Window) }

// in counts the permits of a window of the clock.
func (h *history) in(index int64) (n int) {
	for _, u := range h.taken {
		if int64(u.at)/h.window() == index {
			n += u.n
		}
	}
	return n
}

// since counts the permits taken after t.
func (h *history) since(t int64) (n int) {
	for _, u := range h.taken {
		if int64(u.at) > t {
			n += u.n
		}
	}
	return n
}

// weighted counts the permits of t's window, and the share of those before it that is still overlapped.
func (h *history) weighted(t int64) int {
	index, w := t/h.window(), h.window()
	overlap := big.NewRat(w-t%w, w)
	share := overlap.Mul(overlap, big.NewRat(int64(h.in(index-1)), 1))
	whole, rest := new(big.Int).QuoRem(share.Num(), share.Denom(), new(big.Int))
	n := h.in(index) + int(whole.Int64())
	if rest.Sign() > 0 {
		n++
	}
	return n
}

// at is the time a clock reading is taken for.
func (h *history) at(t int64) int64 { return max(t, h.kind.standing(h)) }

func (h *history) used(t int64) int { return h.kind.used(h, h.at(t)) }

// take decides at a clock reading, and remembers.
func (h *history) take(t int64, n int) limit.Decision {
	h.latest = max(h.latest, t)
	d := limit.Decision{Limit: h.cfg.Limit, Window: h.cfg.Window, Allowed: h.used(t)+n <= h.cfg.Limit}
	if d.Allowed {
		h.taken = append(h.taken, use{time.Duration(h.at(t)), n})
	} else {
		d.RetryAfter = h.until(t, n)
	}
	used := h.used(t)
	d.Remaining = max(0, h.cfg.Limit-used)
	if used > 0 {
		d.NextAfter = h.until(t, d.Remaining+1)
		d.ResetAfter = h.until(t, h.cfg.Limit)
	}
	return d
}

// until searches for the first nanosecond from which on n permits are there.
func (h *history) until(t int64, n int) time.Duration {
	return time.Duration(sort.Search(int(h.at(t)-t+2*h.window()), func(d int) bool {
		return h.used(t+int64(d))+n <= h.cfg.Limit
	}))
}

// keep forgets all but the latest n permits.
func (h *history) keep(n int) {
	for i := len(h.taken) - 1; i >= 0; i-- {
		if n -= h.taken[i].n; n <= 0 {
			h.taken[i].n += n
			h.taken = h.taken[i:]
			return
		}
	}
}

// set puts another config in force.
func (h *history) set(t int64, cfg limit.WindowConfig) {
	h.latest = max(h.latest, t)
	used := h.used(t)
	switch {
	case h.kind.algorithm == "sliding_log": // remembers so many, and forgets all before them
		h.keep(max(h.size, h.cfg.Limit))
		h.size = max(cfg.Limit, h.used(t))
		h.keep(h.size)
	case cfg.Window != h.cfg.Window: // begins with what is in use
		at := h.at(t)
		h.taken, h.latest = []use{{time.Duration(at), used}}, at
	}
	h.cfg = cfg
}

// drawWindow draws a limiter, its model, and the time at which its clock begins.
func drawWindow(t *rapid.T, kind windowKind) (windowLimiter, *history, int64) {
	cfg := drawWindowConfig(t)
	epoch := rapid.Int64Range(1_000_000_000, 2_000_000_000).Draw(t, "epoch")*1e9 + rapid.Int64Range(0, 1e9).Draw(t, "ns")
	l, err := kind.makeAt(cfg, epoch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, &history{kind: kind, cfg: cfg}, epoch
}

func drawWindowConfig(t *rapid.T) limit.WindowConfig {
	return limit.WindowConfig{
		Limit: rapid.SampledFrom([]int{1, 2, 3, 7, 100, 1000}).Draw(t, "limit"),
		Window: rapid.SampledFrom([]time.Duration{
			time.Millisecond, time.Millisecond + 1, 7 * time.Millisecond, time.Second, time.Minute, 24 * time.Hour,
		}).Draw(t, "window"),
	}
}

// drawStep draws how much time passes.
func drawStep(t *rapid.T, window time.Duration) time.Duration {
	w := int64(window)
	if rapid.IntRange(0, 60).Draw(t, "long") == 0 {
		return 10 * year
	}
	return time.Duration(rapid.OneOf(
		rapid.Just(int64(0)), rapid.Int64Range(0, 10), rapid.Int64Range(0, w/3), rapid.Int64Range(0, 3*w),
		rapid.SampledFrom([]int64{w - 1, w, w + 1, 2*w - 1, 2 * w}),
	).Draw(t, "dt"))
}

func TestWindowsDecideAsTheirModels(t *testing.T) {
	t.Parallel()
	for _, kind := range windowKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				l, h, epoch := drawWindow(t, kind)
				var now time.Duration
				for range rapid.IntRange(1, 50).Draw(t, "steps") {
					now += drawStep(t, h.cfg.Window)
					at := now
					if rapid.IntRange(0, 9).Draw(t, "clock goes back") == 0 {
						at = max(0, now-time.Duration(rapid.Int64Range(0, 3*h.window()).Draw(t, "back")))
					}
					if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
						drawChange(t, l, h, at, epoch)
					}
					n := drawPermits(t, h.cfg.Limit)
					d, err := l.TakeAt(at, n)
					if want := h.take(epoch+int64(at), n); err != nil || d != want {
						t.Fatalf("at %v: Take(%d) gave\n%+v, %v; want\n%+v", at, n, d, err, want)
					}
					if !d.Allowed && rapid.Bool().Draw(t, "retry") {
						now = max(now, retryWindow(t, l, h, at, d.RetryAfter, n, epoch))
					}
				}
			})
		})
	}
}

func drawChange(t *rapid.T, l windowLimiter, h *history, now time.Duration, epoch int64) {
	to := drawWindowConfig(t)
	if rapid.Bool().Draw(t, "limit only") {
		to.Window = h.cfg.Window
	}
	if err := l.SetAt(now, to); err != nil {
		t.Fatal(err)
	}
	h.set(epoch+int64(now), to)
}

// retryWindow checks that RetryAfter is exact.
func retryWindow(t *rapid.T, l windowLimiter, h *history, now, after time.Duration, n int, epoch int64) time.Duration {
	for _, at := range []time.Duration{now + after - 1, now + after} {
		d, err := l.TakeAt(at, n)
		if h.take(epoch+int64(at), n); err != nil || d.Allowed != (at == now+after) {
			t.Fatalf("denied at %v with RetryAfter %v: at %v Take(%d) gave %+v, %v", now, after, at, n, d, err)
		}
	}
	return now + after
}

// most is the most permits used in any stretch of time shorter than window.
func most(uses []use, window time.Duration) (n int) {
	slices.SortFunc(uses, func(a, b use) int { return int(min(max(a.at-b.at, -1), 1)) })
	for i := range uses {
		sum := 0
		for j := i; j < len(uses) && uses[j].at-uses[i].at < window; j++ {
			sum += uses[j].n
		}
		n = max(n, sum)
	}
	return n
}

func TestNoStretchOfTimeHoldsMoreThanAWindowMay(t *testing.T) {
	t.Parallel()
	for _, kind := range windowKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				l, h, epoch := drawWindow(t, kind)
				var now time.Duration
				for range rapid.IntRange(1, 80).Draw(t, "steps") {
					now += drawStep(t, h.cfg.Window)
					n := drawPermits(t, h.cfg.Limit)
					if d, err := l.TakeAt(now, n); err == nil && d.Allowed {
						h.taken = append(h.taken, use{time.Duration(epoch) + now, n})
					}
				}
				if got, want := most(h.taken, h.cfg.Window), kind.bound(h.cfg.Limit); got > want {
					t.Fatalf("%d permits within %v, want at most %d: %v", got, h.cfg.Window, want, h.taken)
				}
				if kind.algorithm != "fixed_window" {
					return
				}
				for _, u := range h.taken {
					if got := h.in(int64(u.at) / h.window()); got > h.cfg.Limit {
						t.Fatalf("%d permits in one window, want at most %d: %v", got, h.cfg.Limit, h.taken)
					}
				}
			})
		})
	}
}
