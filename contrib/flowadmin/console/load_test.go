package console_test

import (
	"cmp"
	"context"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/contrib/flowadmin/console"
)

// heap is the memory in use after a collection.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// loadSpans is how many spans the load is. GOFLOW_CONSOLE_SPANS=3000000 makes it those of 5 minutes at
// 10,000 a second.
func loadSpans(t *testing.T) int {
	t.Helper()
	text := cmp.Or(os.Getenv("GOFLOW_CONSOLE_SPANS"), "200000")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMemoryStaysWithinItsBoundWhateverComes is not parallel: it measures the heap.
func TestMemoryStaysWithinItsBoundWhateverComes(t *testing.T) {
	const most = 37 << 20
	spans, before := loadSpans(t), heap()
	plain := sdkmetric.NewManualReader() // what the SDK itself holds of the metrics, and one reading of them
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(plain))
	var reading metricdata.ResourceMetrics
	measure(t, meters, func() error { return plain.Collect(t.Context(), &reading) })
	own := heap() - before
	runtime.KeepAlive(reading)

	s, now := newSDK(t, console.RecorderConfig{}), time.Now()
	measure(t, s.meters, func() error {
		now = now.Add(time.Second)
		return s.recorder.Collect(t.Context(), now)
	})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range spans / 10 {
				s.trace(i)
			}
		})
	}
	wg.Wait()
	inSpans, inPinned, inLogs := s.recorder.Bytes()
	if inSpans > 16<<20 || inSpans < 2<<20 || inPinned != 0 || inLogs > 8<<20 || inLogs < 2<<20 {
		t.Errorf("holds %d bytes of spans, %d pinned, %d of logs", inSpans, inPinned, inLogs)
	}
	held := heap() - before - 2*own
	t.Logf("%d spans: %.1f MiB held beside %.1f MiB of the SDK's, one trace in %d", spans, mib(held), mib(own), s.recorder.OneIn())
	if held > most {
		t.Errorf("holds %.1f MiB, want at most %.1f", mib(held), mib(most))
	}
	if s.recorder.OneIn() == 1 {
		t.Error("all traces are kept under this load")
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(meters)
	runtime.KeepAlive(&reading)
}

func mib(bytes int) float64 { return float64(bytes) / (1 << 20) }

// measure makes more series than a recorder has room for, and reads them some times.
func measure(t *testing.T, meters *sdkmetric.MeterProvider, collect func() error) {
	t.Helper()
	counter, _ := meters.Meter("test").Int64Counter("a")
	histogram, _ := meters.Meter("test").Float64Histogram("b")
	for i := range 1500 {
		histogram.Record(t.Context(), 1, ofLimiter(strconv.Itoa(i)))
		counter.Add(t.Context(), 1, ofLimiter(strconv.Itoa(i)))
	}
	for range 5 {
		if err := collect(); err != nil {
			t.Error(err)
		}
	}
}

// trace makes a trace of 5 spans, with a record.
func (s *sdk) trace(i int) {
	ctx, root := s.tracer.Start(context.Background(), "GET /cart", trace.WithAttributes(
		attribute.String("http.request.method", "GET"), attribute.String("url.path", "/cart"), attribute.Int("http.response.status_code", 200)))
	for range 4 {
		s.span(ctx, "allow api", trace.WithAttributes(attribute.String("goflow.limiter.name", "api"), attribute.Int("i", i)))
	}
	s.log(ctx, log.SeverityInfo, "", "served", attribute.Int("i", i))
	root.End()
}
