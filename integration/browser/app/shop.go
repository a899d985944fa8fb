package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/streams/writer"
)

// shop answers requests with the help of all engines.
type shop struct {
	fx.In

	Checkout  limit.Limiter       `name:"checkout"`
	Hostile   limit.Limiter       `name:"<script>document.title='owned'</script>"`
	Payments  *resilience.Breaker `name:"payments"`
	Receipts  *sched.Pool         `name:"receipts"`
	Log       *writer.Writer      `name:"access-log"`
	Scheduler *sched.Scheduler
	Orders    *orders
	Tracers   trace.TracerProvider
	Logger    *slog.Logger
}

func newShop(s shop) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkout", s.checkout)
	mux.HandleFunc("GET /later", s.later)
	return mux
}

var errDeclined = errors.New("the card was declined")

// checkout takes an order, if it may, and lets a receipt be written by and by.
func (s *shop) checkout(w http.ResponseWriter, r *http.Request) {
	ctx, span := s.Tracers.Tracer("shop").Start(r.Context(), hostile)
	_, _ = s.Hostile.Take(ctx, 1)
	span.End()
	defer func() { fmt.Fprintf(s.Log, "%s %s\n", r.Method, r.URL.Path) }()
	d, err := s.Checkout.Take(r.Context(), 1)
	if err != nil || !d.Allowed {
		http.Error(w, "too many", http.StatusTooManyRequests)
		return
	}
	n := rand.IntN(1000) //nolint:gosec // an order like any other
	s.Orders.add(n)
	if err := s.Payments.Do(r.Context(), pay(n)); err != nil {
		s.Logger.WarnContext(r.Context(), "not paid", "order", n, "error", err)
		http.Error(w, err.Error(), http.StatusPaymentRequired)
		return
	}
	s.Logger.InfoContext(r.Context(), "paid", "order", n, "customer", hostile)
	if err := s.Receipts.Submit(r.Context(), s.receipt(n)); err != nil {
		s.Logger.ErrorContext(r.Context(), "no receipt", "order", n, "error", err)
	}
}

func pay(n int) core.Task {
	return func(context.Context) error {
		if n%10 == 0 {
			return errDeclined
		}
		return nil
	}
}

func (s *shop) receipt(n int) core.Task {
	return func(ctx context.Context) error {
		s.Logger.DebugContext(ctx, "receipt written", "order", n)
		return nil
	}
}

// later schedules a run that is due soon.
func (s *shop) later(w http.ResponseWriter, r *http.Request) {
	task := func(ctx context.Context) error {
		s.Logger.InfoContext(ctx, "reminded")
		return nil
	}
	if _, err := s.Scheduler.Schedule(r.Context(), "reminder", sched.After(20*time.Millisecond), task); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
	}
}

// load makes requests to the shop, so that there is something to see.
func load(cfg config) fx.Option {
	return servicefx.AsService("load", func(p loadParams) *core.Loop {
		return core.Background("load", func(ctx context.Context) error {
			tick := time.NewTicker(time.Second / time.Duration(max(1, cfg.perSec)))
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-ctx.Done():
					return nil
				case <-tick.C:
				}
				path := "/checkout"
				if n%50 == 0 {
					path = "/later"
				}
				get(ctx, "http://"+p.Shop.Addr().String()+path)
			}
		})
	})
}

type loadParams struct {
	fx.In

	Shop *flowhttp.Server `name:"shop"`
}

// get makes one request. What becomes of it is in the shop's telemetry.
func get(ctx context.Context, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}
