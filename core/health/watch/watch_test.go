package watch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/watch"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestAWatchTellsOfChecksAndTheState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		p := newPatient(t, nil)
		w, err := watch.New("app", p.Registry, watch.WithTelemetry(rec.Options()...))
		if err != nil {
			t.Fatal(err)
		}
		hook := newHook(t, p, &receiver{}, watch.WebhookConfig{}, watch.WithTelemetry(rec.Options()...))
		name, check, group := flowconv.HealthNameKey.String("app"), flowconv.HealthCheckKey.String("db"), flowconv.HealthGroupKey.String("readiness")
		status := flowconv.HealthStatusKey.String
		for s, want := range map[string]int64{"pending": 1, "up": 0, "degraded": 0, "down": 0} {
			rec.RequireSum("goflow.health.check.status", want, name, check, group, status(s))
			rec.RequireSum("goflow.health.transitions", 0, name, check, group, status(s))
		}
		for s, want := range map[string]int64{"starting": 1, "ready": 0, "draining": 0, "stopped": 0} {
			rec.RequireSum("goflow.health.state", want, name, flowconv.HealthStateKey.String(s))
		}
		if err := hook.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.start()
		p.SetState(health.Ready)
		p.becomes(errSlow)
		p.becomes(errDown)
		p.becomes(errDown)
		for s, want := range map[string]int64{"pending": 0, "up": 0, "degraded": 0, "down": 1} {
			rec.RequireSum("goflow.health.check.status", want, name, check, status(s))
		}
		p.becomes(nil)
		rec.RequireSum("goflow.health.transitions", 2, name, check, status("up"))
		rec.RequireSum("goflow.health.transitions", 1, name, check, status("down"))
		if got := rec.RequireMetric("goflow.health.check.duration", name, check, group, status("down")); got.Count != 2 {
			t.Errorf("%d runs were down, want 2", got.Count)
		}
		rec.RequireEvent("goflow.health.change", name, check, group, status("degraded"))
		rec.RequireEvent("goflow.health.change", name, flowconv.HealthStateKey.String("ready"))
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.health.")

		if err := hook.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		w.Close()
		w.Close()
		rec.RequireNoMetric("goflow.health.check.status", name)
		told := len(rec.Logs())
		p.becomes(errDown)
		if got := len(rec.Logs()); got != told {
			t.Errorf("%d events after Close", got-told)
		}
	})
}

func TestEventsWarnOfWhatIsWorse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		p := newPatient(t, nil)
		w, err := watch.New("app", p.Registry, watch.WithTelemetry(rec.Options()...))
		if err != nil {
			t.Fatal(err)
		}
		p.start()
		p.becomes(errSlow)
		p.becomes(errDown)
		p.becomes(nil)
		p.SetState(health.Draining)
		w.Close()
		want := []struct {
			severity log.Severity
			text     string
		}{
			{log.SeverityInfo, `readiness check "db" is now up`},
			{log.SeverityWarn, `readiness check "db" is now degraded: 1 of 2 copies`},
			{log.SeverityWarn, `readiness check "db" is now down: no connection`},
			{log.SeverityInfo, `readiness check "db" is now up`},
			{log.SeverityInfo, `the process is now draining`},
		}
		events := rec.Logs()
		if len(events) != len(want) {
			t.Fatalf("%d events, want %d", len(events), len(want))
		}
		for i, e := range events {
			if e.Severity() != want[i].severity || e.Body().AsString() != want[i].text {
				t.Errorf("event %d: %v %q, want %v %q", i, e.Severity(), e.Body().AsString(), want[i].severity, want[i].text)
			}
		}
	})
}

func TestAWatchSeesChecksAddedLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		p := newPatient(t, nil)
		w, err := watch.New("app", p.Registry, watch.WithTelemetry(rec.Options()...))
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		p.start()
		if err := p.Add(health.Check{Group: health.Liveness, Name: "late", Run: func(context.Context) error { return nil }}); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		rec.RequireSum("goflow.health.check.status", 1, flowconv.HealthCheckKey.String("late"), flowconv.HealthStatusKey.String("up"))
	})
}

func TestNewRefusesNoRegistry(t *testing.T) {
	t.Parallel()
	if _, err := watch.New("app", nil); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if _, err := watch.NewWebhook("app", watch.WebhookConfig{URL: "http://x"}, nil); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
