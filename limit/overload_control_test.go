package limit_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/internal/saturation"
	"github.com/goflow-go/goflow/limit"
)

// standing is a runtime whose goroutines wait.
func standing(d time.Duration) saturation.Sample { return saturation.Sample{SchedLatencyP99: d} }

func TestOverloadRefusesWhatMattersLessFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg := limit.OverloadConfig{MaxGoroutines: 100}
		if rapid.Bool().Draw(t, "hard") {
			cfg.HardMemoryShare, cfg.HardGoroutines = 0.97, 300
		}
		c := limit.NewOverloadControl(cfg)
		for range rapid.IntRange(1, 100).Draw(t, "looks") {
			s := saturation.Sample{
				SchedLatencyP99: time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "waits")),
				Goroutines:      rapid.IntRange(0, 400).Draw(t, "goroutines"),
				Live:            rapid.Int64Range(0, 110).Draw(t, "live"), MemoryLimit: 100,
			}
			c.Step(s)
			hard := cfg.HardGoroutines > 0 && (s.Goroutines >= cfg.HardGoroutines || s.LiveShare() >= cfg.HardMemoryShare)
			sheddable, normal, critical := c.Refusal(limit.Sheddable), c.Refusal(limit.Normal), c.Refusal(limit.Critical)
			switch {
			case hard && (sheddable != 1 || normal != 1 || critical != 1):
				t.Fatalf("at a hard limit %v, %v, %v are refused", sheddable, normal, critical)
			case !hard && (critical != 0 || normal > 0.95+1e-9 || normal > 0 && sheddable < 1):
				t.Fatalf("below hard limits %v, %v, %v are refused", sheddable, normal, critical)
			case sheddable < 0 || normal < 0 || sheddable > 1 || math.IsNaN(sheddable+normal+c.Pressure()):
				t.Fatalf("%v, %v are refused at %v", sheddable, normal, c.Pressure())
			}
		}
	})
}

func TestOverloadRefusesMoreTheMoreThereIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		low, high := limit.NewOverloadControl(limit.OverloadConfig{}), limit.NewOverloadControl(limit.OverloadConfig{})
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			d := time.Duration(rapid.Int64Range(0, int64(100*time.Millisecond)).Draw(t, "waits"))
			more := time.Duration(rapid.Int64Range(0, int64(50*time.Millisecond)).Draw(t, "more"))
			low.Step(standing(d))
			high.Step(standing(d + more))
			if low.Refusal(limit.Sheddable) > high.Refusal(limit.Sheddable) || low.Refusal(limit.Normal) > high.Refusal(limit.Normal) {
				t.Fatal("where goroutines wait longer, less is refused")
			}
		}
	})
}

func TestOverloadRefusesAndRecoversInTime(t *testing.T) {
	t.Parallel()
	for name, interval := range map[string]time.Duration{"often": 10 * time.Millisecond, "by default": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := limit.NewOverloadControl(limit.OverloadConfig{Interval: interval})
			took := func(wait time.Duration, until func() bool) (took time.Duration) {
				for ; !until() && took < time.Minute; took += interval {
					c.Step(standing(wait))
				}
				return took
			}
			all := took(time.Second, func() bool { return c.Refusal(limit.Sheddable) == 1 })
			most := took(time.Second, func() bool { return c.Refusal(limit.Normal) >= 0.95 })
			if all > 800*time.Millisecond || most > time.Second {
				t.Errorf("all that is sheddable is refused after %v, most of the rest after %v more", all, most)
			}
			for range 100 { // however long and bad it was
				c.Step(standing(time.Minute))
			}
			if none := took(0, func() bool { return c.Refusal(limit.Sheddable) == 0 }); none > 1300*time.Millisecond {
				t.Errorf("recovery takes %v", none)
			}
		})
	}
}

func TestOverloadIgnoresASinglePeak(t *testing.T) {
	t.Parallel()
	c := limit.NewOverloadControl(limit.OverloadConfig{})
	for range 10 {
		c.Step(standing(time.Millisecond))
	}
	c.Step(standing(30 * time.Millisecond))
	if got := c.Refusal(limit.Sheddable); got != 0 {
		t.Errorf("one look at 30 ms: %v of what is sheddable is refused", got)
	}
}

func TestOverloadDoesNotLookAtWhatItIsToldNotTo(t *testing.T) {
	t.Parallel()
	c := limit.NewOverloadControl(limit.OverloadConfig{MaxSchedLatency: -1, MaxMemoryShare: -1})
	for range 10 {
		c.Step(saturation.Sample{SchedLatencyP99: time.Hour, Goroutines: 1 << 30, Live: 99, MemoryLimit: 100})
	}
	if c.Pressure() != 0 || c.Refusal(limit.Sheddable) != 0 {
		t.Errorf("pressure %v", c.Pressure())
	}
}

// processor is a server with one processor. Work that is admitted and not done stands in line.
type processor struct {
	line float64 // seconds of work
	done float64
}

// run offers work for a tick of 50 ms, and gives what the runtime shows: how long work stood in line.
func (p *processor) run(admitted float64) saturation.Sample {
	const tick = 0.05
	most := p.line + admitted*tick
	did := min(most, tick)
	p.done += did
	p.line = most - did
	return standing(time.Duration(p.line * float64(time.Second)))
}

func TestOverloadSettlesWhereTheServerIsBusyAndTheLineIsShort(t *testing.T) {
	t.Parallel()
	for _, offered := range []float64{0.5, 1.1, 1.5, 2, 5, 10} {
		for _, sheddable := range []float64{0, 0.3, 1} {
			for _, noise := range []float64{0, 0.2} {
				requireSettled(t, offered, sheddable, noise)
			}
		}
	}
}

// requireSettled offers a multiple of what a server can do for 90 s, more or less by noise in each look,
// and judges the last 60 s.
func requireSettled(t *testing.T, offered, sheddable, noise float64) {
	t.Helper()
	c, p := limit.NewOverloadControl(limit.OverloadConfig{}), &processor{}
	random := rand.New(rand.NewPCG(1, 2))
	var longest, began float64
	for tick := range 1800 {
		if tick == 600 {
			longest, began = 0, p.done
		}
		admitted := sheddable*(1-c.Refusal(limit.Sheddable)) + (1-sheddable)*(1-c.Refusal(limit.Normal))
		c.Step(p.run(offered * admitted * (1 + noise*(2*random.Float64()-1))))
		longest = max(longest, p.line)
	}
	busy := (p.done - began) / 60
	t.Logf("offered %.1f, %.0f %% of it sheddable, noise %.1f: busy %.3f, longest line %.3f s", offered, 100*sheddable, noise, busy, longest)
	if busy < min(offered, 1)*0.95 || longest > 0.2 {
		t.Errorf("offered %.1f, %.0f %% of it sheddable, noise %.1f: busy %.3f, longest line %.3f s", offered, 100*sheddable, noise, busy, longest)
	}
}
