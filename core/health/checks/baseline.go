package checks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// BaselineConfig is the config of [Baseline].
type BaselineConfig struct {
	// Window is over how many values the baseline averages, the older ones with less weight. Defaults
	// to 360, which is an hour of runs 10 s apart.
	Window int
	// MinSamples is how many values are learnt before one is judged. Defaults to 30.
	MinSamples int
	// Factor is how many times the mean a value must exceed to be abnormal. It must be above 1.
	// Defaults to 2.
	Factor float64
	// Deviations is by how many mean deviations a value must exceed the mean to be abnormal. Defaults
	// to 4.
	Deviations float64
	// Floor is by how much, in the value's own unit, it must exceed the mean to be abnormal: what is too
	// little to care about. Defaults to 0.
	Floor float64
	// DownFactor is how many times the lowest abnormal value a value must exceed for the check to be
	// down instead of degraded. It must be above 1. Defaults to 0: it is never down.
	DownFactor float64
	// MaxFrozen is after how long an abnormal level is taken for the new norm. Defaults to 1 h.
	MaxFrozen time.Duration
}

func (c BaselineConfig) withDefaults() BaselineConfig {
	orDefault(&c.Window, 360)
	orDefault(&c.MinSamples, 30)
	orDefault(&c.Factor, 2)
	orDefault(&c.Deviations, 4)
	orDefault(&c.MaxFrozen, time.Hour)
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports what is wrong with c.
func (c BaselineConfig) Validate() error {
	factor := c.withDefaults().Factor
	var faults core.Faults
	faults.Require(c.Window >= 0, "Window", c.Window, "must not be negative")
	faults.Require(c.MinSamples >= 0, "MinSamples", c.MinSamples, "must not be negative")
	faults.Require(factor > 1 && !math.IsInf(factor, 0), "Factor", c.Factor, "must be above 1")
	faults.Require(c.Deviations >= 0 && !math.IsInf(c.Deviations, 0), "Deviations", c.Deviations, "must not be negative")
	faults.Require(c.Floor >= 0 && !math.IsInf(c.Floor, 0), "Floor", c.Floor, "must not be negative")
	faults.Require(c.DownFactor == 0 || c.DownFactor > 1, "DownFactor", c.DownFactor, "must be above 1")
	faults.Require(c.MaxFrozen >= 0, "MaxFrozen", c.MaxFrozen, "must not be negative")
	return faults.Err()
}

// Baseline makes a check of a number of which more is worse (a latency, an error rate, a lag) against
// what it usually is, without a threshold that someone has to know: it is degraded while the number is
// far above its baseline. An error of measure, and a number that is none, are failures, of which nothing
// is learnt.
//
// The baseline is an exponentially weighted mean and mean deviation, which the smoothed round-trip time
// of TCP is made of (Jacobson, Congestion Avoidance and Control, 1988; RFC 6298), with a gain of one in
// Window instead of one in 8 and in 4. Until there are Window values they all weigh the same. A value
// is abnormal when it exceeds all of
//
//	mean * Factor
//	mean + Deviations * deviation   the number's own noise
//	mean + Floor                    what is too little to care about
//
// A number that is usually 0 needs a Floor.
//
// Abnormal values are not learnt, so neither an outlier nor an incident becomes the norm: the baseline is
// frozen while the check is degraded. When every value for MaxFrozen was abnormal the world has changed,
// and a new baseline is learnt from then on.
//
// It sees what is sudden. A rise so slow that each value is close to the latest norm is learnt with it:
// where there is a limit that must never be passed, check that as well.
func Baseline(name string, measure func(ctx context.Context) (float64, error), cfg BaselineConfig) (health.Check, error) {
	var faults core.Faults
	faults.Require(measure != nil, "measure", name, "must not be nil")
	if err := core.Configure(pkg, name, errors.Join(faults.Err(), cfg.Validate())); err != nil {
		return health.Check{}, err
	}
	b := &baseline{cfg: cfg.withDefaults()}
	return health.Check{Name: name, Run: func(ctx context.Context) error {
		v, err := measure(ctx)
		if err != nil {
			return err
		}
		return b.judge(time.Now(), v)
	}}, nil
}

// baseline is what is known of a number.
type baseline struct {
	cfg BaselineConfig

	mu        sync.Mutex
	learnt    int // values since the baseline began
	mean      float64
	deviation float64
	frozen    time.Time // when the first of the latest abnormal values came; zero when the last was normal
}

// maxValue keeps sums of values finite.
const maxValue = math.MaxFloat64 / 4

// judge says whether a value is abnormal, and learns it when it is not.
func (b *baseline) judge(now time.Time, v float64) error {
	if !(math.Abs(v) < maxValue) { // NaN included
		return fmt.Errorf("the value is %v", v)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.learnt < b.cfg.MinSamples || v <= b.limit() {
		b.frozen = time.Time{}
		b.learn(v)
		return nil
	}
	if b.frozen.IsZero() {
		b.frozen = now
	}
	if now.Sub(b.frozen) >= b.cfg.MaxFrozen {
		b.learnt, b.frozen = 0, time.Time{}
		b.learn(v)
		return nil
	}
	return b.abnormal(v)
}

// abnormal is the error of a value above the limit.
func (b *baseline) abnormal(v float64) error {
	text := fmt.Sprintf("%.4g is above %.4g; it is usually %.4g, give or take %.2g", v, b.limit(), b.mean, b.deviation)
	if b.cfg.DownFactor > 0 && v > b.cfg.DownFactor*b.limit() {
		return errors.New(text)
	}
	return health.Degradedf("%s", text)
}

// limit is the highest value that is normal.
func (b *baseline) limit() float64 {
	return max(b.mean*b.cfg.Factor, b.mean+b.cfg.Deviations*b.deviation, b.mean+b.cfg.Floor)
}

// learn takes a value into the baseline. The deviation is from the mean before it.
func (b *baseline) learn(v float64) {
	b.learnt++
	if b.learnt == 1 {
		b.mean, b.deviation = v, 0
		return
	}
	b.deviation += b.gain(b.learnt-1) * (math.Abs(v-b.mean) - b.deviation)
	b.mean += b.gain(b.learnt) * (v - b.mean)
}

// gain is the weight of the n-th value.
func (b *baseline) gain(n int) float64 { return 1 / float64(min(n, b.cfg.Window)) }
