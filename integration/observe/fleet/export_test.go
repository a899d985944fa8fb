package fleet

import (
	"context"
	"errors"
	"path/filepath"
	"time"
)

// What tests look at.
var (
	CollectorConfigs = collectorConfigs
	PrometheusConfig = prometheusConfig
)

// StartCollector starts the Collector alone, with a further config laid over the others.
func StartCollector(ctx context.Context, cfg Config, further string) (*Fleet, error) {
	f := &Fleet{cfg: cfg, died: make(chan *program, 1)}
	env, err := cfg.Addrs.collectorEnv()
	return f, errors.Join(err, f.start(ctx, "otelcol", answers("http://"+cfg.Addrs.Health+"/"), env,
		filepath.Join(cfg.Bin, "otelcol"), append(collectorConfigs(cfg.Root), "--config", further)...))
}

// Output is the file of what a program says.
func (f *Fleet) Output(name string) string { return f.output(name) }

// Launched is a fleet of one shell that runs a script until the fleet is stopped.
func Launched(ctx context.Context, dir, script string, ready func(context.Context) error) (*Fleet, error) {
	f := &Fleet{cfg: Config{Dir: dir}, died: make(chan *program, 1)}
	return f, f.start(ctx, "script", ready, nil, "/bin/sh", "-c", script)
}

// StopWithin is Stop with another grace.
func (f *Fleet) StopWithin(grace time.Duration) {
	for _, p := range f.programs {
		p.stop(grace)
	}
}

// Bound has less kept of what the first program says, and looks more often.
func (f *Fleet) Bound(most int64) { go f.programs[0].bound(most, 10*time.Millisecond) }
