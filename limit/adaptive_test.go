package limit_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func newAdaptive(tb testing.TB, cfg limit.AdaptiveConfig, opts ...limit.Option) *limit.Adaptive {
	tb.Helper()
	a, err := limit.NewAdaptive("search", cfg, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(a.Close)
	return a
}

// windowOf has a window of n tasks that take d and end with err, all at the same time.
func windowOf(a *limit.Adaptive, n int, d time.Duration, err error) {
	var tickets []core.Ticket
	for range n {
		if t, full := a.Admit(context.Background()); full == nil {
			tickets = append(tickets, t)
		}
	}
	<-time.After(d)
	for _, t := range tickets {
		a.Done(t, err)
	}
}

func TestAdaptiveTakesDropsAsOverloadAndLeavesOtherFailuresOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		opts []limit.Option
		want int
	}{
		"turned away":      {core.ErrRejected, nil, 10},
		"too late":         {context.DeadlineExceeded, nil, 10},
		"success":          {nil, nil, 21},
		"not found":        {errors.New("not found"), nil, 20},
		"given up":         {context.Canceled, nil, 20},
		"a panic":          {core.ErrAborted, nil, 20},
		"told otherwise":   {core.ErrRejected, []limit.Option{limit.WithOverload(func(error) bool { return false })}, 20},
		"told to be drops": {core.ErrInvalid, []limit.Option{limit.WithOverload(func(error) bool { return true })}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newAdaptive(t, limit.AdaptiveConfig{Algorithm: limit.AIMD}, c.opts...)
				windowOf(a, 20, time.Second, c.err)
				if s := a.Stats(); s.Burst != c.want || s.InUse != 0 {
					t.Errorf("got %+v, want a limit of %d", s, c.want)
				}
			})
		})
	}
}

func TestAdaptiveMovesOncePerWindowAndOnlyWithEnoughSamples(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdaptive(t, limit.AdaptiveConfig{Algorithm: limit.AIMD})
		windowOf(a, 20, 99*time.Millisecond, nil)
		windowOf(a, 20, 0, nil)
		if got := a.Stats().Burst; got != 20 {
			t.Errorf("moved to %d before the window was over", got)
		}
		windowOf(a, 1, time.Millisecond, nil)
		if got := a.Stats().Burst; got != 21 {
			t.Errorf("the limit is %d after the window, want 21", got)
		}
		windowOf(a, 19, time.Minute, nil)
		if got := a.Stats().Burst; got != 21 {
			t.Errorf("moved to %d with 19 samples", got)
		}
	})
}

func TestAdaptiveRejectsOrWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rejects := newAdaptive(t, limit.AdaptiveConfig{Max: 1})
		waits := newAdaptive(t, limit.AdaptiveConfig{Max: 1, Wait: true})
		for _, a := range []*limit.Adaptive{rejects, waits} {
			ticket, err := a.Admit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Second, func() { a.Done(ticket, nil) })
		}
		var full *limit.FullError
		if err := rejects.Do(t.Context(), accepts); !errors.As(err, &full) || !errors.Is(err, core.ErrRejected) {
			t.Errorf("got %v", err)
		}
		start := time.Now()
		if err := waits.Do(t.Context(), accepts); err != nil || time.Since(start) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		synctest.Wait()
	})
}

func TestAdaptiveLosesNoPermitUnderLoad(t *testing.T) {
	t.Parallel()
	a := newAdaptive(t, limit.AdaptiveConfig{Initial: 4, Max: 8, Window: time.Millisecond, Wait: true})
	failures := []error{nil, core.ErrRejected, errors.New("its own")}
	var work sync.WaitGroup
	for g := range 32 {
		work.Go(func() {
			for i := range 2000 {
				_ = core.Try(t.Context(), func(ctx context.Context) error {
					return a.Do(ctx, func(context.Context) error {
						if i%100 == 0 {
							panic("boom")
						}
						return failures[(g+i)%len(failures)]
					})
				})
			}
		})
	}
	work.Wait()
	if s := a.Stats(); s.InUse != 0 || s.Waiting != 0 || s.OverReleased != 0 || s.Burst < 1 || s.Burst > 8 {
		t.Errorf("got %+v", s)
	}
}

func TestAdaptiveConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]limit.AdaptiveConfig{
		"unknown algorithm":      {Algorithm: 9},
		"negative minimum":       {Min: -1},
		"negative maximum":       {Max: -1},
		"too high a maximum":     {Max: 1 << 31},
		"minimum above maximum":  {Min: 5, Max: 4},
		"initial below minimum":  {Min: 5, Initial: 4},
		"initial above maximum":  {Max: 5, Initial: 6},
		"negative latency":       {MaxHealthyLatency: -1},
		"tolerance below 1":      {Tolerance: 0.9},
		"no number of tolerance": {Tolerance: math.NaN()},
		"endless tolerance":      {Tolerance: math.Inf(1)},
		"tiny window":            {Window: 1},
		"negative window":        {Window: -1},
		"long window":            {Window: math.MaxInt64},
		"negative age":           {BaselineAge: -1},
		"negative line":          {MaxWaiters: -1},
		"negative step":          {PriorityStep: -1},
	} {
		if _, err := limit.NewAdaptive("search", cfg); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, cfg := range []limit.AdaptiveConfig{{}, {Min: 50}, {Min: 5000}, {Max: 5}, {Min: 1, Initial: 1, Max: 1}} {
		newAdaptive(t, cfg)
	}
}

func TestAlgorithmIsReadByItsName(t *testing.T) {
	t.Parallel()
	var cfg limit.AdaptiveConfig
	if err := json.Unmarshal([]byte(`{"algorithm": "aimd"}`), &cfg); err != nil || cfg.Algorithm != limit.AIMD {
		t.Errorf("got %v, %v", cfg.Algorithm, err)
	}
	if text, err := cfg.Algorithm.MarshalText(); err != nil || string(text) != "aimd" {
		t.Errorf("got %s, %v", text, err)
	}
	if err := cfg.Algorithm.UnmarshalText([]byte("vegas")); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestAdaptiveTellsWhatItDoes(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	a := newAdaptive(t, limit.AdaptiveConfig{Max: 1}, limit.WithTelemetry(rec.Options()...))
	ctx, parent := rec.StartSpan(t.Context(), "request")
	_ = a.Do(ctx, func(ctx context.Context) error {
		algorithm := flowconv.LimiterAlgorithmKey.String(flowconv.LimiterAlgorithmAdaptive)
		for _, metric := range []string{"goflow.limiter.permit.usage", "goflow.limiter.permit.limit"} {
			if got := rec.RequireMetric(metric, algorithm); got.Value != 1 {
				t.Errorf("%s: %v", metric, got)
			}
		}
		return a.Do(ctx, accepts)
	})
	parent.End()
	rec.RequireSpan("acquire search", allowed)
	rec.RequireSpan("acquire search", denied)
	rec.RequireDeclared()
}
