package sched

import (
	"math"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core"
)

// AdaptiveConfig is the config of [Adaptive].
type AdaptiveConfig struct {
	// Min is the shortest interval, at least 1 ms. It is required.
	Min time.Duration `json:"min" yaml:"min" env:"MIN"`
	// Max is the longest interval. It is required.
	Max time.Duration `json:"max" yaml:"max" env:"MAX"`
	// Smoothing is how much of the way to the new load one look goes, above 0 and at most 1: the smaller,
	// the calmer. Defaults to 0.5.
	Smoothing float64 `json:"smoothing" yaml:"smoothing" env:"SMOOTHING"`
}

// Validate reports everything that is wrong with c.
func (c AdaptiveConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Min >= time.Millisecond, "Min", c.Min, "must be at least 1ms")
	faults.Require(c.Max >= c.Min, "Max", c.Max, "must be at least Min")
	faults.Require(c.Smoothing >= 0 && c.Smoothing <= 1, "Smoothing", c.Smoothing, "must be above 0 and at most 1")
	return faults.Err()
}

// Adaptive is due after an interval that follows a load: Min when load gives 0 or less, Max when it gives
// 1 or more, in between in proportion, so that work in the background makes room for what matters more.
// load is called each time the job is planned; it does not block, and NaN counts as 1. To speed up
// under load, give 1 minus it.
//
// The interval begins at the time the job was last due. The trigger remembers the load it saw, so give
// each job its own.
func Adaptive(cfg AdaptiveConfig, load func() float64) Trigger {
	if cfg.Smoothing == 0 {
		cfg.Smoothing = 0.5
	}
	return &adaptive{cfg: cfg, load: load}
}

type adaptive struct {
	cfg  AdaptiveConfig
	load func() float64

	mu   sync.Mutex
	seen bool
	last float64
}

func (a *adaptive) Next(after time.Time) (time.Time, bool) {
	return after.Add(a.interval(a.look())), true
}

// look gives the load, smoothed.
func (a *adaptive) look() float64 {
	now := a.load() // outside the lock: it is the user's
	if math.IsNaN(now) {
		now = 1
	}
	now = max(0, min(now, 1))
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.seen {
		a.seen, a.last = true, now
	}
	a.last += a.cfg.Smoothing * (now - a.last)
	return a.last
}

func (a *adaptive) interval(load float64) time.Duration {
	return a.cfg.Min + time.Duration(load*float64(a.cfg.Max-a.cfg.Min))
}

func (a *adaptive) pace() pace { return steady }

func (a *adaptive) check() error {
	var faults core.Faults
	faults.Require(a.load != nil, "Adaptive", "nil", "must have a load")
	if err := faults.Err(); err != nil {
		return err
	}
	return a.cfg.Validate()
}

// NewBackoff makes a trigger that follows what its job finds to do: each [Backoff.Idle] makes the
// interval half as long again, up to Max, each [Backoff.Busy] makes it Min. Smoothing plays no part.
func NewBackoff(cfg AdaptiveConfig) *Backoff { return &Backoff{cfg: cfg, interval: cfg.Min} }

// Backoff is a [Trigger] by feedback; see [NewBackoff]. Give each job its own. All methods are safe for
// concurrent use.
type Backoff struct {
	cfg AdaptiveConfig

	mu       sync.Mutex
	interval time.Duration
}

// Busy says that there was work: look again soon.
func (b *Backoff) Busy() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.interval = b.cfg.Min
}

// Idle says that there was none: look again later.
func (b *Backoff) Idle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.interval = min(b.interval+b.interval/2, b.cfg.Max)
}

// Next is an interval after the time the job was last due. A job is planned when it starts, so what a run
// says counts from the next but one on.
func (b *Backoff) Next(after time.Time) (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return after.Add(b.interval), true
}

func (b *Backoff) pace() pace { return steady }

func (b *Backoff) check() error { return b.cfg.Validate() }
