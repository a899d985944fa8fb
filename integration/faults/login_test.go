package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

const secret = "hunter2"

// login is one way not to get in.
type login struct {
	name   string
	server []redistest.Option
	tls    bool // the client speaks TLS
	after  func(*redistest.Server)
}

func loginTrouble(tr *trial) {
	changed := func(s *redistest.Server) {
		s.SetPassword("another")
		s.MustDo("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	}
	for _, c := range []login{
		{"wrong password", []redistest.Option{redistest.WithPassword("right")}, false, nil},
		{"changed live", []redistest.Option{redistest.WithPassword(secret)}, false, changed},
		{"expired", []redistest.Option{redistest.WithExpiredTLS()}, true, nil},
		{"plain client, TLS server", []redistest.Option{redistest.WithTLS()}, false, nil},
		{"TLS client, plain server", nil, true, nil},
	} {
		c.run(tr)
	}
}

func (c login) run(tr *trial) {
	tr.t.Helper()
	server := redistest.Single(tr.t, c.server...)
	relay := faultnet.Listen(tr.t, server.Addr())
	cfg := at(relay.Addr())
	cfg.Password, cfg.TLS = secret, c.tls
	if c.tls {
		cfg.TLSConfig = server.TLS()
	}
	client, rec := tr.client(cfg), telemetrytest.New(tr.t)
	defer client.Close() //nolint:errcheck // it ends
	co, err1 := flowredis.New("shared", client, flowredis.Config{Prefix: redistest.Prefix(tr.t)}, flowredis.WithTelemetry(rec.Options()...))
	l, err2 := flowredis.NewTokenBucket("api", co, flowredis.TokenBucketConfig{Rate: limit.PerSecond(100), Fallback: flowredis.FailClosed})
	if err := errors.Join(err1, err2); err != nil {
		tr.t.Fatal(err)
	}
	defer co.Close()
	defer l.Close()
	ld := startLoad(tr.rps(), workers, []ask{{"plain", func(ctx context.Context) (limit.Decision, error) { return l.Take(ctx, 1) }}})
	defer ld.end()
	<-time.After(time.Second)
	if c.after != nil {
		c.after(server)
		<-time.After(time.Second)
	}
	first, counted := relay.Stats().Conns, 5*time.Second
	<-time.After(counted)
	dials := float64(relay.Stats().Conns-first) / counted.Seconds()
	_, err := l.Take(context.Background(), 1)
	ld.end()
	tr.note("%s: %d dials at first, then %.1f/s, class %s", c.name, first, dials, core.ErrorType(err))
	c.check(tr, dials, err, fmt.Sprint(ld.errors, rec.Logs(), err))
}

func (c login) check(tr *trial, dials float64, err error, said string) {
	tr.t.Helper()
	if dials >= 5 {
		tr.t.Errorf("%s: %.1f dials a second, want less than 5", c.name, dials)
	}
	if core.ErrorType(err) != core.TypeUnavailable {
		tr.t.Errorf("%s: got %v, want class unavailable", c.name, err)
	}
	if strings.Contains(said, secret) {
		tr.t.Errorf("%s: the secret was shown", c.name)
	}
}
