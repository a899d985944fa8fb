package healthfx_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/watch"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func broken() health.Check {
	return health.Check{Name: "db", Run: func(context.Context) error { return errors.New("no connection") }}
}

func TestChecksAreWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		app := app(healthfx.AsCheck(broken), fx.Provide(
			func() metric.MeterProvider { return rec.MeterProvider() },
			func() log.LoggerProvider { return rec.LoggerProvider() },
		))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		rec.RequireSum("goflow.health.check.status", 1, flowconv.HealthNameKey.String("app"), flowconv.HealthCheckKey.String("db"), flowconv.HealthStatusKey.String("down"))
		if err := app.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		rec.RequireEvent("goflow.health.change", flowconv.HealthCheckKey.String("db"))
		rec.RequireEvent("goflow.health.change", flowconv.HealthStateKey.String("stopped"))
		rec.RequireNoMetric("goflow.health.check.status")
		rec.RequireDeclared()
	})
}

// transport is a receiver without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAWebhookRunsWithTheApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		posts := make(chan string, 100)
		client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			posts <- r.URL.String()
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		})}
		app := app(healthfx.AsCheck(broken),
			healthfx.Webhook("oncall", watch.WebhookConfig{URL: "http://alertmanager/api/v2/alerts"}, watch.WithClient(client)))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(3*time.Minute + time.Second)
		if err := app.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		if got := len(posts); got != 4 {
			t.Errorf("%d posts in 3 minutes and after, want 4", got)
		}
	})
}

func TestABadWebhookIsAnErrorOfTheApplication(t *testing.T) {
	t.Parallel()
	err := app(healthfx.Webhook("oncall", watch.WebhookConfig{URL: "alertmanager"})).Err()
	if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), `watch: "oncall": URL must be`) {
		t.Errorf("got %v", err)
	}
}
