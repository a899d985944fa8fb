package otelsdk_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

func TestScrapeHasPrometheusNamesAndTheService(t *testing.T) {
	t.Parallel()
	sdk := setup(t, otelsdk.Config{ServiceName: "shop", ServiceInstanceID: "1"})
	newEngine(sdk.Options()...)
	requireText(t, scrape(t, sdk, plainText),
		"# TYPE goflow_limiter_decisions_total counter",
		`goflow_limiter_name="checkout",goflow_limiter_outcome="allowed"`,
		`target_info{service_instance_id="1",service_name="shop"`)
}

func TestExemplarsShowInOpenMetrics(t *testing.T) {
	t.Parallel()
	sdk := setup(t, otelsdk.Config{})
	e := newEngine(sdk.Options()...)
	ctx, span := sdk.TracerProvider().Tracer("x").Start(t.Context(), "request")
	e.reg.Durations(flowconv.LimiterWaitDuration, checkout).Record(ctx, 20*time.Millisecond, nil)
	span.End()

	example := fmt.Sprintf(`trace_id="%s"`, span.SpanContext().TraceID())
	for line := range strings.Lines(scrape(t, sdk, openMetrics)) {
		if strings.HasPrefix(line, "goflow_limiter_wait_duration_seconds_bucket") && strings.Contains(line, "# {") && strings.Contains(line, example) {
			requireText(t, line, `le="0.025"`)
			return
		}
	}
	t.Errorf("no bucket shows the exemplar %s:\n%s", example, scrape(t, sdk, openMetrics))
}

func TestRuntimeMetricsAreThereUnlessDisabled(t *testing.T) {
	t.Parallel()
	requireText(t, scrape(t, setup(t, otelsdk.Config{}), plainText), "go_goroutine_count", "go_memory_used_bytes", "go_schedule_duration_seconds_bucket")
	if body := scrape(t, setup(t, otelsdk.Config{DisableRuntimeMetrics: true}), plainText); strings.Contains(body, "go_") {
		t.Errorf("runtime metrics are disabled and there:\n%s", body)
	}
}

func TestPrometheusCanBeDisabled(t *testing.T) {
	t.Parallel()
	if body := scrape(t, setup(t, otelsdk.Config{DisablePrometheus: true}), plainText); body != "" {
		t.Errorf("Prometheus is disabled and answers:\n%s", body)
	}
}

func TestCardinalityLimitKeepsTheSumInOnePoint(t *testing.T) {
	t.Parallel()
	sdk := setup(t, otelsdk.Config{CardinalityLimit: 3, DisableRuntimeMetrics: true})
	c, err := sdk.MeterProvider().Meter("x").Int64Counter("keys")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		c.Add(t.Context(), 1, metric.WithAttributes(attribute.Int("key", i)))
	}
	body := scrape(t, sdk, plainText)
	requireText(t, body, `otel_metric_overflow="true"`, "} 8\n")
	if n := strings.Count(body, "keys_total{"); n != 3 {
		t.Errorf("%d series, want 3", n)
	}
}

func TestTwoSDKsDoNotShareARegistry(t *testing.T) {
	t.Parallel()
	a, b := setup(t, otelsdk.Config{}), setup(t, otelsdk.Config{})
	newEngine(a.Options()...)
	if strings.Contains(scrape(t, b, plainText), "goflow_") {
		t.Error("one SDK's metrics show in the other's scrape")
	}
}

// brokenWriter is a client that went away.
type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestAScraperThatGoesAwayDoesNoHarm(t *testing.T) {
	t.Parallel()
	sdk := setup(t, otelsdk.Config{})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	sdk.MetricsHandler().ServeHTTP(brokenWriter{httptest.NewRecorder()}, req)
	requireText(t, scrape(t, sdk, plainText), "go_goroutine_count")
}
