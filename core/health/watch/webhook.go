package watch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Webhook posts alerts about a registry's checks to an Alertmanager, or to anything else that takes
// what one takes. It is a core.Service, which sends between Start and Stop. Its methods are safe for
// concurrent use.
type Webhook struct {
	name     string
	cfg      WebhookConfig
	registry *health.Registry
	client   *http.Client
	reader   *telemetry.Registration
	points   [outcomes]telemetry.Point
	counts   [outcomes]atomic.Int64
	loop     *core.Loop
	wake     chan struct{} // there may be something to send

	mu        sync.Mutex
	stop      func() // ends the subscription; nil when not started
	incidents map[subjectAlert]*incident
	last      string // the last error
}

var _ core.Service = (*Webhook)(nil)

// outcome is what became of a request.
type outcome uint8

const (
	sent outcome = iota
	failed
	refused

	outcomes
)

// NewWebhook makes a webhook of a registry, which sends nothing before Start. The name is its
// telemetry's and its errors'. A wrong config is an error that names every field at fault. Close it
// after Stop.
func NewWebhook(name string, cfg WebhookConfig, registry *health.Registry, opts ...Option) (*Webhook, error) {
	var faults core.Faults
	faults.Require(registry != nil, "registry", registry, "must not be nil")
	if err := core.Configure(pkg, name, errors.Join(faults.Err(), cfg.Validate())); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	h := &Webhook{
		name: name, cfg: cfg.withDefaults(registry.Report(health.Readiness).Name), registry: registry, client: o.client,
		wake: make(chan struct{}, 1), incidents: make(map[subjectAlert]*incident),
	}
	if h.client == nil {
		h.client = ownClient()
	}
	h.loop = core.Background(name, h.run)
	for o, text := range []string{flowconv.HealthOutcomeSent, flowconv.HealthOutcomeFailed, flowconv.HealthOutcomeRefused} {
		h.points[o] = telemetry.NewPoint(flowconv.HealthNotifications, flowconv.HealthNameKey.String(name), flowconv.HealthOutcomeKey.String(text))
	}
	h.reader = webhooks.Register(telemetry.NewScope(scopeName, o.telemetry...), (*webhookReading)(h))
	return h, nil
}

// Start begins to send, of checks that are degraded or down already as well. It does not wait for the
// receiver.
func (h *Webhook) Start(ctx context.Context) error {
	if err := h.loop.Start(ctx); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	stop := h.registry.OnChange(h.changed)
	h.mu.Lock()
	h.stop = stop
	h.mu.Unlock()
	h.catchUp()
	return nil
}

// Stop ends sending. What the receiver does not know yet is sent once more, while ctx and Timeout
// allow. Alerts that still fire expire at the receiver. It is idempotent.
func (h *Webhook) Stop(ctx context.Context) error {
	h.mu.Lock()
	stop := h.stop
	h.stop = nil
	h.mu.Unlock()
	if stop != nil {
		stop()
	}
	if err := h.loop.Stop(ctx); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	if stop != nil {
		h.send(ctx, h.due(time.Time{}))
	}
	return nil
}

// Close takes the webhook out of telemetry. It is idempotent.
func (h *Webhook) Close() { h.reader.Close() }

// WebhookStats is what a [Webhook] has counted since it was made, and how it stands.
type WebhookStats struct {
	Sent    int64 // requests the receiver took
	Failed  int64 // requests that were tried again
	Refused int64 // requests the receiver would not have

	Firing    int    // alerts now
	LastError string // of the last request, if it was one; it shows no URL and no secret
}

// Stats reads the counters and the state.
func (h *Webhook) Stats() WebhookStats {
	s := WebhookStats{Sent: h.counts[sent].Load(), Failed: h.counts[failed].Load(), Refused: h.counts[refused].Load()}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range h.incidents {
		if i.ends.IsZero() {
			s.Firing++
		}
	}
	s.LastError = h.last
	return s
}

// webhookReading is how a webhook is read at collection, kept off its method set.
type webhookReading Webhook

func (r *webhookReading) Observe(o *telemetry.Observer) {
	for i := range r.points {
		o.Observe(&r.points[i], r.counts[i].Load())
	}
}

// The pauses between requests that fail.
const (
	firstPause = time.Second
	mostPause  = time.Minute
)

// run sends what is due until ctx ends.
func (h *Webhook) run(ctx context.Context) error {
	pause := time.Duration(0)
	for {
		wait, wake := h.untilDue(time.Now()), h.wake
		if pause > 0 { // the receiver is given time, whatever happens
			wait, wake = pause/2+rand.N(pause/2), nil
		}
		if !await(ctx, wait, wake) {
			return nil
		}
		if h.send(ctx, h.due(time.Now())) != failed {
			pause = 0
			continue
		}
		pause = min(max(2*pause, firstPause), mostPause)
	}
}

// await waits for a time, which does not come when wait is negative, or a signal. It reports whether
// ctx goes on.
func await(ctx context.Context, wait time.Duration, wake <-chan struct{}) bool {
	var over <-chan time.Time
	if wait >= 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
	case <-wake:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
