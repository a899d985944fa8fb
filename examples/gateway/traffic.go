package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// analytics watch the traffic: requests by route and status, and how long they took, for each 10 s.
func analytics() fx.Option {
	return fx.Options(
		fx.Provide(newTraffic),
		streamsfx.AsRun("traffic", func(t *traffic, sdk *otelsdk.SDK) streamsfx.Run { return t.run(sdk) }),
		adminfx.AsPage(func(t *traffic) flowadmin.Page {
			return flowadmin.Page{Path: "/debug/traffic", Text: "traffic of the last minutes, as JSON", Handler: t}
		}),
	)
}

const (
	period  = 10 * time.Second
	periods = 30  // kept
	routes  = 100 // told apart in a period; further ones are "other"
	backlog = 4096
)

// traffic is what is known of the traffic. It serves the last periods.
type traffic struct {
	requests chan request

	mu   sync.Mutex
	last []summary // the latest last
}

func newTraffic() *traffic { return &traffic{requests: make(chan request, 256)} }

// tell hands over a request. It does not wait: the stream below takes what comes, and drops the oldest when
// it is too much.
func (t *traffic) tell(r request) {
	select {
	case t.requests <- r:
	default: // it has not started, or has stopped
	}
}

// run sums up what it is told until ctx ends.
func (t *traffic) run(sdk *otelsdk.SDK) streamsfx.Run {
	told := streams.FromChannel(t.requests).Named("traffic", streams.WithTelemetry(sdk.Options()...)).
		Buffer(backlog, streams.DropOldest)
	spans := streams.Batch(told, 1<<20, period)
	return func(ctx context.Context) error {
		return spans.ForEach(ctx, func(_ context.Context, span []request) error {
			t.keep(sum(span))
			return nil
		})
	}
}

func (t *traffic) keep(s summary) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, s)
	if len(t.last) > periods {
		t.last = slices.Delete(t.last, 0, 1)
	}
}

// summary is what happened in a period.
type summary struct {
	From   time.Time `json:"from"`
	Routes []route   `json:"routes"`
}

// route is what happened at one route with one status.
type route struct {
	Route    string  `json:"route"`
	Status   int     `json:"status"`
	Requests int     `json:"requests"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
}

// sum sums up requests, of which there is at least one.
func sum(list []request) summary {
	type key struct {
		route  string
		status int
	}
	took := map[key][]time.Duration{}
	for i := range list {
		k := key{list[i].route(), list[i].Status}
		if _, known := took[k]; !known && len(took) >= routes {
			k = key{"other", 0}
		}
		took[k] = append(took[k], list[i].Took)
	}
	s := summary{From: list[0].Time}
	for k, all := range took {
		slices.Sort(all)
		s.Routes = append(s.Routes, route{k.route, k.status, len(all), quantile(all, 0.5), quantile(all, 0.99)})
	}
	slices.SortFunc(s.Routes, func(a, b route) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Status, b.Status))
	})
	return s
}

// quantile of sorted durations, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	i := min(int(q*float64(len(sorted))), len(sorted)-1)
	return float64(sorted[i]) / float64(time.Millisecond)
}

// ServeHTTP serves the last periods as JSON, the latest last.
func (t *traffic) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	t.mu.Lock()
	last := append([]summary{}, t.last...) // an empty list, and no null, when there is none
	t.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(last) // fails only when the client has gone
}
