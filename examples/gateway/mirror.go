package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
)

// mirroring sends copies of some requests elsewhere, as one does to try a new version out. A worker pool
// sends them, so no request waits for its copy, and a place that is slow or away costs copies alone.
func mirroring(cfg config) fx.Option {
	if cfg.Mirror == "" && cfg.Upstream != "" {
		return fx.Options()
	}
	return fx.Options(
		schedfx.Pool("mirror", sched.PoolConfig{MaxWorkers: 8, Queue: 256, TaskTimeout: 5 * time.Second}),
		httpfx.Transport("mirror", flowhttp.TransportConfig{}),
		fx.Provide(newMirror),
	)
}

// mirrored is one of how many GET requests is copied.
const mirrored = 5

// mirror sends the copies.
type mirror struct {
	pool      *sched.Pool
	overload  *limit.Overload
	transport *flowhttp.Transport
	place     func() *url.URL
	seen      atomic.Int64 // GET requests answered
}

type mirrorParams struct {
	fx.In

	Config    config
	Pool      *sched.Pool         `name:"mirror"`
	Overload  *limit.Overload     `name:"gateway"`
	Transport *flowhttp.Transport `name:"mirror"`
	Target    target              // the sample is its own mirror
}

func newMirror(p mirrorParams) (*mirror, error) {
	m := &mirror{pool: p.Pool, overload: p.Overload, transport: p.Transport, place: p.Target.url}
	if p.Config.Mirror == "" {
		return m, nil
	}
	u, err := url.Parse(p.Config.Mirror)
	m.place = func() *url.URL { return u }
	return m, err
}

// answered copies some of the requests that the upstream has answered. When the process has too much to do, or
// the pool too many copies already, this one is left out, which they count.
func (m *mirror) answered(r *http.Request) {
	if m == nil || r.Method != http.MethodGet || m.seen.Add(1)%mirrored != 0 {
		return
	}
	if _, err := m.overload.Admit(limit.WithImportance(r.Context(), limit.Sheddable)); err != nil {
		return
	}
	u := *m.place()
	u.Path, u.RawQuery = r.URL.Path, r.URL.RawQuery
	header := r.Header.Clone()
	_ = m.pool.TrySubmit(r.Context(), func(ctx context.Context) error { return m.send(ctx, u.String(), header) })
}

// send sends a copy. No one waits for what it says.
func (m *mirror) send(ctx context.Context, to string, header http.Header) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, http.NoBody)
	if err != nil {
		return err
	}
	r.Header = header
	resp, err := m.transport.RoundTrip(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body) // to use the connection again
	return resp.Body.Close()
}
