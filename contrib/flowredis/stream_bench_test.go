package flowredis_test

import (
	"context"
	"errors"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
)

func BenchmarkProducer(b *testing.B) {
	l := newLine(b, clientOf(b, redistest.Shared(b).Addr()))
	p := l.producer(flowredis.ProducerConfig{MaxLen: 10_000})
	batch := numbered(0, 100)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.AddAll(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkConsumer(b *testing.B) {
	l := newLine(b, clientOf(b, redistest.Shared(b).Addr()))
	const messages = 20_000
	l.add(0, messages)
	c := l.consumer("first", flowredis.ConsumerConfig{})
	b.ReportAllocs()
	for b.Loop() {
		l.client.XGroupDestroy(context.Background(), l.stream, "billing")
		n, done := 0, errors.New("done")
		err := c.Messages().ForEach(context.Background(), func(context.Context, flowredis.Message) error {
			if n++; n == messages {
				return done
			}
			return nil
		})
		if !errors.Is(err, done) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*messages)/b.Elapsed().Seconds(), "messages/s")
}
