package flowhttp

import (
	"crypto/tls"
	"errors"
	"net/http"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
)

// Client is an http.Client with the usual stack below it. Make one with [NewClient]; most callers want
// Do. It is safe for concurrent use, but its fields must not be changed.
//
// From the outside in, a request passes:
//
//   - the policies of [WithPolicies], and the bound on what is under way, when the config has one;
//   - the timeout of the whole call, up to the header of its answer;
//   - the retry, which waits for what Retry-After says when the call has the time, and otherwise gives the
//     answer as it is;
//   - the breaker;
//   - the timeout of each attempt;
//   - the hedge, when the config has one and the request only reads;
//   - otelhttp, which makes a span and metrics of each attempt.
//
// What is sent more than once, and what a caller gets in the end, is described at [Transport]: a POST
// without an Idempotency-Key is not sent again unless no connection could be had. Answers of status 501
// and 505, and certificates that are not accepted, are not retried either, and a breaker that stays open
// for longer than a second ends a call at once. That a server answers with 429 is no failure to the
// breaker.
//
// Each redirect the http.Client follows is a call of its own. An answer's body is bounded by the
// request's context only.
type Client struct {
	*http.Client

	name    string
	permits *limit.Concurrency // nil: no bound
	stack   *resilience.Standard
	hedge   *resilience.Hedge // nil: none
}

// NewClient makes a Client. Its parts have its name. A wrong config is an error that names every field at
// fault. Close it when it is no longer needed.
func NewClient(name string, cfg ClientConfig, opts ...TransportOption) (*Client, error) {
	if err := core.Configure("flowhttp", name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	var o transportOptions
	for _, opt := range opts {
		if opt != nil {
			opt.applyTransport(&o)
		}
	}
	c := &Client{name: name}
	if err := c.makeParts(cfg, &o); err != nil {
		c.Close()
		return nil, err
	}
	own := []TransportOption{WithPolicies(c.policies()...)}
	if o.base == nil {
		own = append(own, WithBase(cfg.Connections.transport()))
	}
	if c.hedge != nil {
		own = append(own, WithHedge(core.Compose(o.hedge, c.hedge)))
	}
	transport, err := NewTransport(name, cfg.Transport, append(opts[:len(opts):len(opts)], own...)...)
	if err != nil {
		c.Close()
		return nil, err
	}
	c.Client = &http.Client{Transport: transport}
	return c, nil
}

// makeParts makes what has to be closed.
func (c *Client) makeParts(cfg ClientConfig, o *transportOptions) (err error) {
	if cfg.Concurrency > 0 {
		c.permits, err = limit.NewConcurrency(c.name, limit.ConcurrencyConfig{Limit: cfg.Concurrency}, limit.WithTelemetry(o.telemetry...))
		if err != nil {
			return err
		}
	}
	stack := append([]resilience.Option{
		resilience.WithTelemetry(o.telemetry...),
		resilience.WithRetryable(worthRetrying),
		resilience.WithIsFailure(saysDown),
	}, o.stack...)
	if c.stack, err = resilience.NewStandard(c.name, cfg.Stack, stack...); err != nil {
		return err
	}
	if cfg.Hedge {
		c.hedge, err = resilience.NewHedge(c.name, cfg.Hedging, resilience.WithTelemetry(o.telemetry...))
	}
	return err
}

// policies are the client's own, the first outermost.
func (c *Client) policies() []core.Policy {
	if c.permits == nil {
		return []core.Policy{c.stack}
	}
	return []core.Policy{c.permits, c.stack}
}

// Name is the name the client was made with.
func (c *Client) Name() string { return c.name }

// Stack is the client's timeouts, retry and breaker.
func (c *Client) Stack() *resilience.Standard { return c.stack }

// Hedge is the client's hedge; nil without one.
func (c *Client) Hedge() *resilience.Hedge { return c.hedge }

// Permits is the bound on what is under way; nil without one.
func (c *Client) Permits() *limit.Concurrency { return c.permits }

// Close closes connections without use and takes the client's parts out of telemetry. Requests under way
// go on. It is idempotent.
func (c *Client) Close() {
	if c.Client != nil {
		c.CloseIdleConnections()
	}
	if c.permits != nil {
		c.permits.Close()
	}
	if c.stack != nil {
		c.stack.Close()
	}
	if c.hedge != nil {
		c.hedge.Close()
	}
}

// maxOpenWait is how long a call waits for a breaker that is open.
const maxOpenWait = time.Second

// worthRetrying is which errors a client retries.
func worthRetrying(err error) bool {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Status != http.StatusNotImplemented && status.Status != http.StatusHTTPVersionNotSupported
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	if after, known := core.RetryAfter(err); known && after > maxOpenWait && core.ErrorType(err) == core.TypeBreakerOpen {
		return false
	}
	return resilience.Retryable(err)
}

// saysDown is which errors are failures to a client's breaker: all but those of who is there, and busy.
func saysDown(err error) bool {
	status, ok := errors.AsType[*StatusError](err)
	return !ok || status.Status != http.StatusTooManyRequests
}
