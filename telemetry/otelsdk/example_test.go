package otelsdk_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

func ExampleSetup() {
	ctx := context.Background()
	sdk, err := otelsdk.Setup(ctx, otelsdk.Config{ServiceName: "checkout"})
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	defer func() { _ = sdk.Shutdown(ctx) }()

	// Engines take sdk.Options(), or find the SDK by sdk.SetGlobal().
	mux := http.NewServeMux()
	mux.Handle("/metrics", sdk.MetricsHandler())

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil))
	fmt.Println(answer.Code, strings.Contains(answer.Body.String(), `service_name="checkout"`))
	// Output: 200 true
}

func ExampleSetup_invalid() {
	_, err := otelsdk.Setup(context.Background(), otelsdk.Config{CardinalityLimit: -1})
	fmt.Println(err)
	// Output: otelsdk: "Setup": CardinalityLimit must not be negative, got -1
}

func ExampleSDK_Handler() {
	ctx := context.Background()
	sdk, _ := otelsdk.Setup(ctx, otelsdk.Config{})
	defer func() { _ = sdk.Shutdown(ctx) }()

	// One logger, two ends: the console as before, and OpenTelemetry.
	console := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})
	logger := slog.New(slog.NewMultiHandler(console, sdk.Handler("example.com/shop")))
	logger.InfoContext(ctx, "paid", "amount", 3)
	// Output: level=INFO msg=paid amount=3
}

func ExampleWithSpanProcessor() {
	ctx := context.Background()
	spans := tracetest.NewSpanRecorder()
	sdk, _ := otelsdk.Setup(ctx, otelsdk.Config{}, otelsdk.WithSpanProcessor(spans))
	defer func() { _ = sdk.Shutdown(ctx) }()

	_, span := sdk.TracerProvider().Tracer("example.com/shop").Start(ctx, "pay")
	span.End()
	fmt.Println(spans.Ended()[0].Name())
	// Output: pay
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
