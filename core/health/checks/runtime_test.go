package checks_test

import (
	"testing"
	"time"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/checks"
	"github.com/goflow-go/goflow/internal/saturation"
)

func TestRuntimeSaysWhatIsSaturated(t *testing.T) {
	t.Parallel()
	all := checks.RuntimeConfig{
		DegradedLatency: time.Millisecond, DownLatency: time.Second, DegradedGoroutines: 100, DownGoroutines: 1000,
		DegradedMemory: 0.5, DownMemory: 0.9,
	}
	none := checks.RuntimeConfig{DegradedLatency: -1, DegradedMemory: -1}
	worst := saturation.Sample{SchedLatencyP99: time.Hour, Goroutines: 1 << 30, Memory: 2000, MemoryLimit: 1000}
	for name, c := range map[string]struct {
		cfg    checks.RuntimeConfig
		sample saturation.Sample
		want   health.Status
		text   string
	}{
		"idle":            {all, saturation.Sample{}, health.Up, ""},
		"waits":           {all, saturation.Sample{SchedLatencyP99: time.Millisecond}, health.Degraded, "goroutines wait 1ms for a processor (p99), the limit is 1ms"},
		"waits long":      {all, saturation.Sample{SchedLatencyP99: time.Minute}, health.Down, "goroutines wait 1m0s for a processor (p99), the limit is 1s"},
		"goroutines":      {all, saturation.Sample{Goroutines: 100}, health.Degraded, "there are 100 goroutines, the limit is 100"},
		"many goroutines": {all, saturation.Sample{Goroutines: 1000}, health.Down, "there are 1000 goroutines, the limit is 1000"},
		"memory":          {all, saturation.Sample{Memory: 50, MemoryLimit: 100}, health.Degraded, "50 % of the memory limit of 100 bytes is in use, the limit is 50 %"},
		"much memory":     {all, saturation.Sample{Memory: 90, MemoryLimit: 100}, health.Down, "90 % of the memory limit of 100 bytes is in use, the limit is 90 %"},
		"no memory limit": {all, saturation.Sample{Memory: 1 << 40}, health.Up, ""},
		"by default never down": {
			checks.RuntimeConfig{}, worst,
			health.Degraded, "goroutines wait 1h0m0s for a processor (p99), the limit is 20ms",
		},
		"memory by default": {
			checks.RuntimeConfig{}, saturation.Sample{Memory: 95, MemoryLimit: 100},
			health.Degraded, "95 % of the memory limit of 100 bytes is in use, the limit is 95 %",
		},
		"told not to look": {none, worst, health.Up, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checks.JudgeRuntime(c.cfg, c.sample)
			if meaning(err) != c.want || err != nil && err.Error() != c.text {
				t.Errorf("got %v, want %s %s", err, c.want, c.text)
			}
		})
	}
}

func TestRuntimeSamplesTheProcess(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[health.Status]checks.RuntimeConfig{
		health.Up:       {DegradedLatency: time.Hour, DegradedGoroutines: 1 << 30},
		health.Degraded: {DegradedLatency: time.Hour, DegradedGoroutines: 1},
		health.Down:     {DownGoroutines: 1},
	} {
		check, err := checks.Runtime("runtime", cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := check.Run(t.Context()); meaning(err) != want {
			t.Errorf("%+v: %v, want %s", cfg, err, want)
		}
	}
}

func TestRuntimeRefusesABadConfig(t *testing.T) {
	t.Parallel()
	_, err := checks.Runtime("runtime", checks.RuntimeConfig{
		DownLatency: -1, DegradedGoroutines: -1, DownGoroutines: -1, DegradedMemory: 2, DownMemory: 2,
	})
	for _, field := range []string{"DownLatency", "DegradedGoroutines", "DownGoroutines", "DegradedMemory", "DownMemory"} {
		requireRefused(t, err, field+" must")
	}
}
