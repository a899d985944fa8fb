package otelsdk_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

func TestMain(m *testing.M) {
	for _, kv := range os.Environ() { // what the machine exports is not what is tested
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "OTEL_") {
			_ = os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

// setup makes an SDK that is shut down with the test.
func setup(t *testing.T, cfg otelsdk.Config, opts ...otelsdk.Option) *otelsdk.SDK {
	t.Helper()
	sdk, err := otelsdk.Setup(t.Context(), cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sdk.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return sdk
}

const scopeName = "github.com/goflow-go/goflow/limit"

var (
	kind     = telemetry.NewKind(scopeName, flowconv.LimiterDecisions, flowconv.LimiterWaitDuration)
	checkout = flowconv.LimiterNameKey.String("checkout")
)

// engine is the smallest instance: one counter.
type engine struct {
	count int64
	point telemetry.Point
	scope *telemetry.Scope
	reg   *telemetry.Registration
}

func newEngine(opts ...telemetry.Option) *engine {
	e := &engine{
		point: telemetry.NewPoint(flowconv.LimiterDecisions, checkout, flowconv.LimiterOutcomeKey.String("allowed")),
		scope: telemetry.NewScope(scopeName, opts...),
		count: 3,
	}
	e.reg = kind.Register(e.scope, e)
	return e
}

func (e *engine) Observe(o *telemetry.Observer) { o.Observe(&e.point, e.count) }

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T, sdk *otelsdk.SDK, accept string) string {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	req.Header.Set("Accept", accept)
	rec := httptest.NewRecorder()
	sdk.MetricsHandler().ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		t.Fatalf("scrape answers %d: %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

const (
	plainText   = "text/plain"
	openMetrics = "application/openmetrics-text"
)

func requireText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("text lacks %q:\n%s", part, text)
		}
	}
}
