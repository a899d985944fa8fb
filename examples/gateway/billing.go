package main

import (
	"cmp"
	"context"
	"net"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// usageStream is the key of the stream that records go through, below the prefix of what gateways share.
func (c config) usageStream() string { return c.Redis.Coordinator.Prefix + ":usage" }

// name tells gateways apart that share a Redis, and stays the same when one is started again.
func (c config) name() string {
	if c.Name != "" {
		return c.Name
	}
	host, _ := os.Hostname()
	_, port, _ := net.SplitHostPort(c.Addr) // it was validated
	if port == "0" {
		port = strconv.Itoa(os.Getpid())
	}
	return net.JoinHostPort(cmp.Or(host, "localhost"), port)
}

type deliveryParams struct {
	fx.In

	Lifecycle   fx.Lifecycle
	Usage       usageParams
	Config      config
	SDK         *otelsdk.SDK
	Coordinator *flowredis.Coordinator
}

// newDelivery adds what is queued to the stream. While Redis is away it waits.
func newDelivery(p deliveryParams) (streamsfx.Run, error) {
	producer, err := flowredis.NewProducer("usage", p.Coordinator, flowredis.ProducerConfig{
		Stream: p.Config.usageStream(), MaxLen: 100_000,
	}, flowredis.WithTelemetry(p.SDK.Options()...))
	if err != nil {
		return nil, err
	}
	p.Lifecycle.Append(fx.StopHook(producer.Close))
	gateway := p.Config.name()
	add := func(ctx context.Context, list []queued) error {
		messages := make([]flowredis.Message, len(list))
		for i := range list {
			messages[i] = list[i].message(gateway)
		}
		for {
			err := producer.AddAll(ctx, messages)
			if err == nil || !coordinated(ctx, p.Coordinator) {
				return err
			}
		}
	}
	return func(ctx context.Context) error { return p.Usage.batches().ForEach(ctx, add) }, nil
}

// coordinated waits until Redis answers, and a moment; it reports false when ctx ended first.
func coordinated(ctx context.Context, c *flowredis.Coordinator) bool {
	tick := time.NewTicker(gather)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			if c.Mode() == flowredis.Coordinated {
				return true
			}
		}
	}
}

// message is a record as others read it.
func (r *request) message(gateway string) flowredis.Message {
	return flowredis.Message{Key: r.ID, Fields: map[string]string{
		"id":      r.ID,
		"time":    r.Time.Format(time.RFC3339Nano),
		"method":  r.Method,
		"path":    r.Path,
		"status":  strconv.Itoa(r.Status),
		"gateway": gateway,
	}}.From(r.origin())
}

// newBilling counts what comes through the stream. Each record comes to one gateway.
func newBilling(p deliveryParams, b *bill) (streamsfx.Run, error) {
	telemetry := p.SDK.Options()
	consumer, err := flowredis.NewConsumer("usage", p.Coordinator, flowredis.ConsumerConfig{
		Stream: p.Config.usageStream(), Group: "billing", Consumer: p.Config.name(),
	}, flowredis.WithTelemetry(telemetry...))
	if err != nil {
		return nil, err
	}
	p.Lifecycle.Append(fx.StopHook(consumer.Close))
	all := consumer.Messages().Named("bill", streams.WithTelemetry(telemetry...)).
		Traced(func(m flowredis.Message) trace.SpanContext { return m.Origin() }).
		DeadLetter(consumer.DeadLetter) // one that no gateway can read must not end them all
	return func(ctx context.Context) error { return all.ForEach(ctx, b.message) }, nil
}

// message counts a record that came through the stream.
func (b *bill) message(_ context.Context, m flowredis.Message) error {
	status, err := strconv.Atoi(m.Fields["status"])
	if err != nil {
		return err
	}
	r := request{Method: m.Fields["method"], Path: m.Fields["path"]}
	b.count(r.route(), status)
	return nil
}
