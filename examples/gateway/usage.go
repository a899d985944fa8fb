package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// metering counts each request that was served, as who bills for them must. A record of it is in a queue on disk
// before the answer is sent, so a gateway that is killed loses none, and one whose Redis is away keeps them. With
// a Redis they go on through a stream there, and one of all gateways counts each; without, this one does. A record
// comes at least once: when a gateway dies or Redis fails, what it was delivering, [delivery] records at most, may
// come again, with the same ID.
func metering(cfg config) fx.Option {
	dir := cfg.usageDir()
	if dir == "" {
		return fx.Options()
	}
	runs := streamsfx.AsRun("usage", newCounting)
	if cfg.Redis.Shared() {
		runs = fx.Options(streamsfx.AsRun("usage", newDelivery), streamsfx.AsRun("bill", newBilling))
	}
	return fx.Options(
		cfg.removed(dir),
		streamsfx.Spill("usage", spill.Config{Dir: dir, MaxBytes: 256 << 20, Overflow: spill.Reject}),
		fx.Provide(newBill),
		adminfx.AsPage(func(b *bill) flowadmin.Page {
			return flowadmin.Page{Path: "/debug/usage", Text: "requests served, by route and status, as JSON", Handler: b}
		}),
		runs,
	)
}

// usageDir is where the queue is, "" for none. With the sample upstream there is one in any case.
func (c config) usageDir() string {
	if c.Usage != "" || c.Upstream != "" {
		return c.Usage
	}
	return filepath.Join(os.TempDir(), "gateway-usage-"+rand.Text())
}

// removed removes a directory that no one will look for again, once the queue is closed.
func (c config) removed(dir string) fx.Option {
	if c.Usage != "" {
		return fx.Options()
	}
	return fx.Module("usage.directory", fx.Invoke(func(lc fx.Lifecycle) {
		lc.Append(fx.StopHook(func() error { return os.RemoveAll(dir) }))
	}))
}

const (
	delivery = 256                    // records that are delivered at once, at most
	gather   = 100 * time.Millisecond // that this many come together in
)

// pending is what the queue holds, for a stream that acknowledges it.
type pending struct{ queue *spill.Queue }

// queued is a request with its place in the queue.
type queued struct {
	request
	seq uint64
}

func (p pending) Fetch(ctx context.Context, most int) ([]queued, error) {
	var batch spill.Batch
	if err := p.queue.PopBatch(ctx, &batch, most); err != nil {
		return nil, err
	}
	list := make([]queued, len(batch.Records))
	for i, r := range batch.Records {
		list[i].seq = r.Seq
		if err := json.Unmarshal(r.Data, &list[i].request); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (p pending) Ack(ctx context.Context, list []queued) error {
	return p.queue.Ack(ctx, list[len(list)-1].seq)
}

type usageParams struct {
	fx.In

	Queue *spill.Queue `name:"usage"`
	SDK   *otelsdk.SDK
}

// batches are what is in the queue, and comes into it, linked to the traces of the requests.
func (p usageParams) batches() streams.Stream[[]queued] {
	all := streams.FromAcknowledged(pending{p.Queue}).Named("usage", streams.WithTelemetry(p.SDK.Options()...)).
		Traced(func(q queued) trace.SpanContext { return q.origin() })
	return streams.Batch(all, delivery, gather)
}

// newCounting counts what is queued.
func newCounting(p usageParams, b *bill) streamsfx.Run {
	return func(ctx context.Context) error {
		return p.batches().ForEach(ctx, func(_ context.Context, list []queued) error {
			for i := range list {
				b.count(list[i].route(), list[i].Status)
			}
			return nil
		})
	}
}
