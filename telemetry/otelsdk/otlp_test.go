package otelsdk_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// collector is an OTLP/http collector that keeps what it gets.
type collector struct {
	mu      sync.Mutex
	spans   []*tracepb.Span
	metrics map[string]*metricspb.Metric
	logs    []*logspb.LogRecord
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		err = c.take(r.URL.Path, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf") // an empty message: all accepted
}

func (c *collector) take(path string, body []byte) error {
	switch path {
	case "/v1/traces":
		var req coltrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &req); err != nil {
			return err
		}
		for _, scope := range req.ResourceSpans[0].ScopeSpans {
			c.spans = append(c.spans, scope.Spans...)
		}
	case "/v1/metrics":
		var req colmetrics.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &req); err != nil {
			return err
		}
		for _, scope := range req.ResourceMetrics[0].ScopeMetrics {
			for _, m := range scope.Metrics {
				c.metrics[m.Name] = m
			}
		}
	case "/v1/logs":
		var req collogs.ExportLogsServiceRequest
		if err := proto.Unmarshal(body, &req); err != nil {
			return err
		}
		for _, scope := range req.ResourceLogs[0].ScopeLogs {
			c.logs = append(c.logs, scope.LogRecords...)
		}
	}
	return nil
}

func TestOTLPCarriesAllSignalsToACollector(t *testing.T) {
	c := &collector{metrics: make(map[string]*metricspb.Metric)}
	server := httptest.NewServer(c)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL) // no *_EXPORTER: the endpoint is enough
	sdk, err := otelsdk.Setup(t.Context(), otelsdk.Config{ServiceName: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(sdk.Options()...)
	ctx, span := sdk.TracerProvider().Tracer("x").Start(t.Context(), "request")
	_, child := e.scope.Start(ctx, "wait checkout", checkout)
	child.End(nil)
	slog.New(sdk.Handler("example.com/shop")).InfoContext(ctx, "paid", "amount", 3)
	e.scope.Event(ctx, 9, "goflow.limiter.quota_change", "changed", checkout)
	span.End()
	if err := sdk.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spans) != 2 || string(c.spans[0].ParentSpanId) != string(c.spans[1].SpanId) {
		t.Errorf("spans %v, want a child and its parent", c.spans)
	}
	sum := c.metrics["goflow.limiter.decisions"].GetSum()
	if len(sum.GetDataPoints()) != 1 || sum.DataPoints[0].GetAsInt() != 3 || !sum.IsMonotonic {
		t.Errorf("metric %v, want 3 decisions", sum)
	}
	trace := span.SpanContext().TraceID()
	if len(c.logs) != 2 || c.logs[0].Body.GetStringValue() != "paid" || c.logs[1].EventName != "goflow.limiter.quota_change" {
		t.Fatalf("logs %v, want a line and an event", c.logs)
	}
	for _, l := range c.logs {
		if string(l.TraceId) != string(trace[:]) {
			t.Errorf("log %v is not in trace %s", l, trace)
		}
	}
}

// deadCollector accepts connections and never answers.
func deadCollector(t *testing.T) (url string) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
		for _, conn := range conns {
			_ = conn.Close()
		}
	})
	return "http://" + ln.Addr().String()
}

func TestADeadCollectorHoldsShutdownForHalfOfWhatIsLeft(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", deadCollector(t))
			before := goleak.IgnoreCurrent()
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			sdk, err := otelsdk.Setup(t.Context(), otelsdk.Config{})
			if err != nil {
				t.Fatal(err)
			}
			e := newEngine(sdk.Options()...)
			_, span := sdk.TracerProvider().Tracer("x").Start(t.Context(), "x")
			span.End()
			e.scope.Event(t.Context(), 9, "goflow.limiter.quota_change", "changed")

			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			start := time.Now()
			err = sdk.Shutdown(ctx)
			if took := time.Since(start); took < 900*time.Millisecond || took > 1900*time.Millisecond {
				t.Errorf("shutdown took %v of 2s, want half", took)
			}
			if err == nil {
				t.Error("nothing was sent, and shutdown says nothing")
			}
			goleak.VerifyNone(t, before) // the collector is still there, and no one waits for it
			if again := sdk.Shutdown(ctx); again == nil || again.Error() != err.Error() {
				t.Errorf("a second shutdown gives %v, want the first one's error", again)
			}
		})
	}
}

func TestASetupThatFailsLateLeavesNothingRunning(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", deadCollector(t))
	t.Setenv("OTEL_METRICS_EXPORTER", "statsd") // found after the others were made
	before := goleak.IgnoreCurrent()
	start := time.Now()
	if _, err := otelsdk.Setup(t.Context(), otelsdk.Config{}); err == nil {
		t.Fatal("an unknown exporter passes")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the error took %v", took)
	}
	goleak.VerifyNone(t, before)
}
