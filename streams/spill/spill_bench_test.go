package spill_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

const benchRecord, benchBatch = 256, 64

var benchConfig = spill.Config{Sync: spill.SyncNever, MaxBytes: 1 << 40, SegmentBytes: 64 << 20}

// BenchmarkFloor is what any queue in a file costs at least: a length and the bytes, buffered.
func BenchmarkFloor(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	w, rec := bufio.NewWriterSize(f, 128<<10), make([]byte, benchRecord)
	for b.Loop() {
		var size [4]byte
		binary.LittleEndian.PutUint32(size[:], benchRecord)
		_, _ = w.Write(size[:])
		_, _ = w.Write(rec)
	}
	_ = w.Flush()
	_ = f.Close()
}

// metering is without telemetry, and with metrics that a provider collects.
func metering(b *testing.B) map[string][]spill.Option {
	b.Helper()
	return map[string][]spill.Option{"bare": nil, "metered": {spill.WithTelemetry(telemetrytest.New(b).Options()...)}}
}

func BenchmarkPush(b *testing.B) {
	for name, opts := range metering(b) {
		b.Run(name, func(b *testing.B) { pushBench(b, benchConfig, opts...) })
	}
}

// BenchmarkPushBatch counts records, not batches.
func BenchmarkPushBatch(b *testing.B) {
	for name, opts := range metering(b) {
		b.Run(name, func(b *testing.B) { fillBench(b, openQueue(b, benchConfig, opts...), b.N) })
	}
}

func BenchmarkPushInterval(b *testing.B) {
	cfg := benchConfig
	cfg.Sync = spill.SyncInterval
	for name, opts := range metering(b) {
		b.Run(name, func(b *testing.B) { pushBench(b, cfg, opts...) })
	}
}

func pushBench(b *testing.B, cfg spill.Config, opts ...spill.Option) {
	b.Helper()
	q, rec := openQueue(b, cfg, opts...), make([]byte, benchRecord)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := q.Push(ctx, rec); err != nil {
			b.Fatal(err)
		}
	}
}

func fillBench(b *testing.B, q *spill.Queue, n int) {
	b.Helper()
	recs := make([][]byte, benchBatch)
	for i := range recs {
		recs[i] = make([]byte, benchRecord)
	}
	b.ReportAllocs()
	for n > 0 {
		k, err := q.PushBatch(context.Background(), recs[:min(n, benchBatch)])
		if err != nil {
			b.Fatal(err)
		}
		n -= k
	}
}

// BenchmarkPop pops and acknowledges one at a time.
func BenchmarkPop(b *testing.B) {
	q := openQueue(b, benchConfig)
	fillBench(b, q, b.N)
	ctx := context.Background()
	b.ResetTimer()
	for range b.N {
		rec, err := q.Pop(ctx)
		if err == nil {
			err = q.Ack(ctx, rec.Seq)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPopReuse pops one at a time into the same batch.
func BenchmarkPopReuse(b *testing.B) {
	for name, opts := range metering(b) {
		b.Run(name, func(b *testing.B) { popBench(b, 1, opts...) })
	}
}

// BenchmarkPopBatch counts records, not batches.
func BenchmarkPopBatch(b *testing.B) {
	for name, opts := range metering(b) {
		b.Run(name, func(b *testing.B) { popBench(b, benchBatch, opts...) })
	}
}

func popBench(b *testing.B, limit int, opts ...spill.Option) {
	b.Helper()
	q := openQueue(b, benchConfig, opts...)
	fillBench(b, q, b.N)
	ctx := context.Background()
	var batch spill.Batch
	b.ResetTimer()
	for n := 0; n < b.N; n += len(batch.Records) {
		err := q.PopBatch(ctx, &batch, limit)
		if err == nil {
			err = q.Ack(ctx, batch.Last())
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPushAlways(b *testing.B) {
	for name, goroutines := range map[string]int{"goroutines=1": 1, "goroutines=8": 8} {
		b.Run(name, func(b *testing.B) {
			cfg := benchConfig
			cfg.Sync = spill.SyncAlways
			q, rec := openQueue(b, cfg), make([]byte, benchRecord)
			var wg sync.WaitGroup
			b.ResetTimer()
			for g := range goroutines {
				wg.Go(func() {
					for i := g; i < b.N; i += goroutines {
						if err := q.Push(context.Background(), rec); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
