package console

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// Console shows what a [Recorder] keeps, and lets operators act on engines. It is an [http.Handler] for
// paths below where it is mounted, which flowadmin.WithConsole does, and a [core.Service]: metrics are
// read, and live values sent, from Start to Stop. It is safe for concurrent use.
type Console struct {
	name     string
	cfg      Config
	private  atomic.Bool       // cfg.Private, until RequireToken
	digest   [sha256.Size]byte // of the token
	recorder *Recorder
	health   *health.Registry // nil: none
	engines  *flowadmin.Engines
	sections []Section
	inst     *instrument

	mux     *http.ServeMux
	origins *http.CrossOriginProtection
	loop    *core.Loop
	live    listeners

	scanning   sync.Mutex // held while all spans are looked at, which takes memory
	goroutines dump
}

var _ core.Watched = (*Console)(nil)

// New makes a console of what a recorder keeps. The name is the subject of its errors, and its own in
// what it emits.
func New(name string, cfg Config, recorder *Recorder, opts ...Option) (*Console, error) {
	var faults core.Faults
	faults.Require(recorder != nil, "recorder", recorder, "must not be nil")
	if err := core.Configure("console", name, errors.Join(cfg.Validate(), faults.Err())); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	c := &Console{
		name:     name,
		cfg:      cfg,
		digest:   sha256.Sum256([]byte(cfg.Token)),
		recorder: recorder,
		health:   o.health,
		engines:  o.engines,
		sections: o.sections,
		origins:  http.NewCrossOriginProtection(),
	}
	c.private.Store(cfg.Private)
	c.inst = newInstrument(name, o.telemetry)
	c.loop = core.Background(name, c.poll)
	c.route()
	return c, nil
}

// RequireToken asks for the token of those too who only look, from now on, as Config.Private does. It is
// for who serves the console where others than the machine's own users reach it. It is an error when
// there is no token.
func (c *Console) RequireToken() error {
	var faults core.Faults
	faults.Require(c.cfg.Token != "", "Token", c.cfg.Token, "must not be empty where others than this machine reach the console")
	if err := core.Configure("console", c.name, faults.Err()); err != nil {
		return err
	}
	c.private.Store(true)
	return nil
}

// Start begins to read metrics each second, and lets in those who want to be told. It never blocks. A
// second Start is an error until Stop was called.
func (c *Console) Start(ctx context.Context) error {
	if err := c.loop.Start(ctx); err != nil {
		return err
	}
	c.live.open()
	return nil
}

// Stop sends those away who are being told, and reads no more metrics. It waits for the reading under
// way, or for ctx to end. What is kept can still be looked at.
func (c *Console) Stop(ctx context.Context) error {
	c.live.close()
	return c.loop.Stop(ctx)
}

// Failed gives the error when the reading ends before Stop.
func (c *Console) Failed() <-chan error { return c.loop.Failed() }

// readTime is how long a reading may take.
const readTime = 5 * time.Second

// poll reads the metrics each second and tells who listens.
func (c *Console) poll(ctx context.Context) error {
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for {
		c.read(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// read reads the metrics once. An SDK that was shut down has none, and what a reading makes fail is the
// SDK's to report.
func (c *Console) read(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	if err := c.recorder.collect(ctx, time.Now()); err != nil && !gone(err) {
		otel.Handle(err)
	}
	c.tell()
}
