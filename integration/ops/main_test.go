package ops

import (
	"context"
	"os"
	"testing"

	"go.opentelemetry.io/otel"
	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(observed{redistest.Main(m)}) }

// sdk is what engines report to. What the SDK says of itself goes to the global providers of when it was made, which
// can be set once: all runs of the tests share it.
var sdk *otelsdk.SDK

// observed are tests that have the SDK.
type observed struct{ tests goleak.TestingM }

// Run sends traces to a Collector that is not there, so that some are lost.
func (o observed) Run() int {
	for name, value := range map[string]string{
		"OTEL_GO_X_OBSERVABILITY": "true", "OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
		"OTEL_EXPORTER_OTLP_TIMEOUT": "500", "OTEL_BSP_SCHEDULE_DELAY": "500",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {})) // it would tell of each batch of spans
	sdk = must(otelsdk.Setup(context.Background(), otelsdk.Config{ServiceName: "engines"}))
	sdk.SetGlobal()
	defer func() { _ = sdk.Shutdown(context.Background()) }() // fails to send what is left
	return o.tests.Run()
}
